import assert from 'node:assert/strict'
import { type TestContext, describe, test } from 'node:test'
import { usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { everyRight } from '@acrux/shared/standards/azure/registry-rights.ts'
import {
  openTestAccessFor,
  principalOf,
  putScopeMap,
  testAuthor,
  testRegistry,
  testScopes,
} from '../../../testing/authorization/test-access.ts'

const alice = 'a11ce000-0000-4000-8000-000000000001'
const bob = 'b0b00000-0000-4000-8000-000000000002'
const team = '7ea30000-0000-4000-8000-000000000003'
const reader = 'Container Registry Repository Reader'
const writer = 'Container Registry Repository Writer'
const name = '@Request[Microsoft.ContainerRegistry/registries/repositories:name]'
const with2 = (condition: string) => ({ condition, conditionVersion: '2.0' })
const abac = testRegistry({ roleAssignmentMode: 'AbacRepositoryPermissions' })
const legacy = testRegistry()
const pull = { right: 'pull', repository: 'team/app' }
const push = { right: 'push', repository: 'team/app' }

for (const kind of usualDatabaseKinds) {
  describe(`an explanation, on ${kind}`, () => {
    const open = (t: TestContext) => openTestAccessFor(t, kind)

    test('names the considered assignments and their results, including assignments of groups', async (t) => {
      const { access, assign } = await open(t)
      const own = await assign(alice, reader, testScopes.registry, with2(`${name} StringEquals 'a'`))
      const ofTeam = await assign(team, writer, testScopes.resourceGroup, { principalType: 'Group' })
      await assign(bob, writer, testScopes.registry)
      const { allowed, needs, assignments, firstFailure, smallestChange } = await access.explain(
        principalOf(alice, [team]),
        abac,
        pull,
      )
      assert.equal(allowed, true)
      assert.deepEqual(needs, [
        { kind: 'data-action', name: 'Microsoft.ContainerRegistry/registries/repositories/content/read' },
      ])
      assert.deepEqual(
        assignments.map(({ assignment, roleName, condition, verdict }) => [
          assignment.name,
          roleName,
          condition,
          verdict,
        ]),
        [
          [own.name, reader, own.condition, 'condition-is-not-met'],
          [ofTeam.name, writer, null, 'allows'],
        ],
      )
      assert.deepEqual([firstFailure, smallestChange], [undefined, undefined])
    })

    test('names the first failed check of the closest assignment, and the smallest change', async (t) => {
      const { access, assign } = await open(t)
      const explain = (registry = abac, asked = pull) => access.explain(principalOf(alice), registry, asked)
      const condition =
        "@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'team/app'"
      const toReader = {
        kind: 'assign-role',
        roleName: reader,
        roleDefinitionName: 'b93aa761-3e63-49ed-ac28-beffa264f7ac',
        scope: abac.id,
        condition,
      }
      const none = await explain()
      assert.deepEqual([none.allowed, none.firstFailure, none.assignments], [false, 'no-assignment', []])
      assert.deepEqual(none.smallestChange, toReader)

      await assign(alice, 'AcrPull', testScopes.registry)
      const without = await explain()
      assert.deepEqual([without.firstFailure, without.smallestChange], ['role-lacks-action', toReader])

      await assign(alice, reader, testScopes.registry, with2('nonsense'))
      assert.equal((await explain()).firstFailure, 'condition-is-unreadable')
      await assign(alice, reader, testScopes.resourceGroup, with2("@Principal[a:b] StringEquals 'c'"))
      assert.equal((await explain()).firstFailure, 'condition-cannot-be-evaluated')
      const nearest = await assign(alice, writer, testScopes.subscription, with2(`${name} StringEquals 'other'`))
      const unmet = await explain()
      assert.equal(unmet.firstFailure, 'condition-is-not-met')
      assert.ok(unmet.smallestChange?.kind === 'change-condition')
      assert.equal(unmet.smallestChange.assignment.name, nearest.name)
      const pushing = await explain(legacy, push)
      assert.equal(pushing.firstFailure, 'role-lacks-action')
      assert.partialDeepStrictEqual(pushing.smallestChange, { roleName: 'AcrPush', condition: undefined })
    })

    test('the smallest role for a right grants the right and the fewest other rights', async (t) => {
      const { access } = await open(t)
      const roleFor = async (right: string, registry = abac) => {
        const repository = right.endsWith('catalog') ? undefined : 'team/app'
        const { smallestChange } = await access.explain(principalOf(bob), registry, { right, repository })
        return smallestChange?.kind === 'assign-role' ? smallestChange.roleName : undefined
      }
      // prettier-ignore
      const table = [
        ['pull',            'AcrPull',     reader],
        ['push',            'AcrPush',     writer],
        ['delete',          'AcrDelete',   'Container Registry Repository Contributor'],
        ['metadata_read',   'AcrPull',     reader],
        ['metadata_write',  'Contributor', writer],
        ['untag',           'AcrPush',     writer],
        ['deleted_read',    'Reader',      reader],
        ['deleted_restore', 'Contributor', writer],
        ['catalog',         'AcrPull',     'Container Registry Repository Catalog Lister'],
        ['deleted_catalog', 'Reader',      'Container Registry Repository Catalog Lister'],
      ] as const
      assert.deepEqual(table.map(([right]) => right as string).toSorted(), [...everyRight].toSorted())
      for (const [right, inLegacy, inAbac] of table) {
        assert.deepEqual([await roleFor(right, legacy), await roleFor(right)], [inLegacy, inAbac], right)
      }
    })

    test('fault 25: marks a role that allows an action only by a wildcard, such as Reader a pull', async (t) => {
      const { access, assign } = await open(t)
      for (const roleName of ['AcrPull', 'Reader', 'Owner']) await assign(alice, roleName, testScopes.registry)
      const by = async (registry = legacy) =>
        (await access.explain(principalOf(alice), registry, pull)).assignments.map((one) => [
          one.roleName,
          one.verdict,
          one.byWildcard,
        ])
      assert.deepEqual((await by()).toSorted(byName), [
        ['AcrPull', 'allows', false],
        ['Owner', 'allows', true],
        ['Reader', 'allows', true],
      ])
      assert.ok(
        (await by(abac)).every(([, verdict, byWildcard]) => verdict === 'role-lacks-action' && byWildcard === false),
      )
    })

    test('of the admin account, of anonymous access and of a scoped token names the reason', async (t) => {
      const { access } = await open(t)
      const admin = { kind: 'admin', rid: legacy.rid } as const
      const anonymous = { kind: 'anonymous' } as const
      const token = { kind: 'scoped-token', rid: legacy.rid, tokenId: 'x' } as const
      const other = 'b'.repeat(32)
      // prettier-ignore
      const table = [
        [admin,                    legacy,                                       pull, 'admin-account-is-off',   'enable-admin-account'],
        [{ ...admin, rid: other }, testRegistry({ adminUserEnabled: true }),     pull, 'another-registry',       undefined],
        [admin,                    testRegistry({ adminUserEnabled: true }),     pull, undefined,                undefined],
        [anonymous,                legacy,                                       pull, 'anonymous-pull-is-off',  'enable-anonymous-pull'],
        [anonymous,                legacy,                                       push, 'anonymous-pull-is-off',  'sign-in'],
        [anonymous,                testRegistry({ anonymousPullEnabled: true }), push, 'not-for-anonymous',      'sign-in'],
        [anonymous,                testRegistry({ anonymousPullEnabled: true }), pull, undefined,                undefined],
        [token,                    legacy,                                       pull, 'scope-map-lacks-action', 'extend-scope-map'],
        [token,                    legacy, { right: 'catalog', repository: undefined }, 'scope-map-lacks-action', 'sign-in'],
        [{ ...token, rid: other }, legacy,                                       pull, 'another-registry',       undefined],
      ] as const
      for (const [principal, registry, asked, failure, change] of table) {
        const { allowed, firstFailure, smallestChange } = await access.explain(principal, registry, asked)
        assert.deepEqual([allowed, firstFailure, smallestChange?.kind], [failure === undefined, failure, change])
      }
    })

    test('of anonymous access by a scope map names the map and its missing action', async (t) => {
      const opened = await open(t)
      const { access, database } = opened
      const { map } = await putScopeMap(opened, 'Everybody', ['repositories/open/content/read'])
      await database.transaction((transaction) => {
        const given = { scopeMapName: map.name, scopeMapId: '/maps/everybody' }
        return access.anonymousAccess.put(transaction, legacy.rid, given, testAuthor)
      })
      const named = { name: map.name, actions: map.actions }
      const add = { kind: 'extend-scope-map', action: 'repositories/team/app/content/read' }
      const readable = { ...pull, repository: 'open' }
      const catalog = { right: 'catalog', repository: undefined }
      const wide = testRegistry({ anonymousPullEnabled: true })
      // prettier-ignore
      const table = [
        [legacy, readable,   named,     undefined,                undefined],
        [legacy, pull,    named,     'scope-map-lacks-action', add],
        [legacy, push,    named,     'not-for-anonymous',      { kind: 'sign-in' }],
        [legacy, catalog, named,     'anonymous-pull-is-off',  { kind: 'enable-anonymous-pull' }],
        [wide,   push,    undefined, 'not-for-anonymous',      { kind: 'sign-in' }],
      ] as const
      for (const [registry, asked, scopeMap, failure, change] of table) {
        const explained = await access.explain({ kind: 'anonymous' }, registry, asked)
        const shown = explained.scopeMap && { name: explained.scopeMap.name, actions: explained.scopeMap.actions }
        assert.deepEqual(
          [shown, explained.firstFailure, explained.smallestChange],
          [scopeMap, failure, change],
          asked.right,
        )
      }
    })

    test('of a management action does not propose a role that the principal has at the scope already', async (t) => {
      const { access, assign } = await open(t)
      const action = 'Microsoft.ContainerRegistry/registries/read'
      const explain = async (scope: string) => {
        const principal = principalOf(alice, [team])
        assert.ok(principal.kind === 'directory')
        return (await access.explainAction(principal, action, scope)).smallestChange
      }
      const toAssign = await explain(testScopes.registry)
      assert.ok(toAssign?.kind === 'assign-role')
      const group = { ...with2('nonsense'), principalType: 'Group' } as const
      await assign(team, toAssign.roleName, testScopes.registry, group)
      assert.deepEqual(await explain(testScopes.registry), toAssign)
      const own = await assign(alice, toAssign.roleName, testScopes.registry, with2('nonsense'))
      const toChange = await explain(testScopes.registry)
      assert.ok(toChange?.kind === 'change-condition')
      assert.equal(toChange.assignment.name, own.name)
      assert.equal((await explain(testScopes.resourceGroup))?.kind, 'assign-role')
    })

    test('the allowed principals are the principals with an assignment that allows the action, together with these assignments', async (t) => {
      const { access, assign } = await open(t)
      await assign(alice, reader, testScopes.registry, with2(`${name} StringEquals 'team/app'`))
      await assign(alice, writer, testScopes.subscription, with2(`${name} StringEquals 'other'`))
      await assign(team, reader, testScopes.resourceGroup, { principalType: 'Group' })
      await assign(bob, 'AcrPull', testScopes.registry)
      await assign('elsewhere', reader, `${testScopes.resourceGroup}2`)
      const who = async (right: string, repository: string | undefined, registry = abac) =>
        (await access.whoMay(registry, { right, repository })).map(({ principalId, principalType, assignments }) => [
          principalId,
          principalType,
          assignments.length,
        ])
      const ofTeam = [team, 'Group', 1]
      assert.deepEqual(await who('pull', 'team/app'), [ofTeam, [alice, 'ServicePrincipal', 1]])
      assert.deepEqual(await who('pull', 'other'), [ofTeam, [alice, 'ServicePrincipal', 1]])
      assert.deepEqual(await who('push', 'team/app'), [])
      assert.deepEqual(await who('pull', 'team/app', legacy), [[bob, 'ServicePrincipal', 1]])
      assert.deepEqual(await who('catalog', undefined), [])
    })
  })
}

function byName([one]: readonly unknown[], [other]: readonly unknown[]): number {
  return String(one).localeCompare(String(other))
}
