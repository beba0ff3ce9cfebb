import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, describe, test } from 'node:test'
import { testDatabaseKinds } from '../../testing/platform/test-database.ts'
import { registryId } from '@acrux/shared/standards/azure/resource-id.ts'
import type { AccessScope } from '@acrux/shared/standards/oauth/access-scope.ts'
import {
  hasRoleAt,
  type TestAccess,
  openTestAccessFor,
  principalOf,
  testRegistry,
  testScopes,
  testSubscriptionId,
} from '../../testing/authorization/test-access.ts'
import { AssignmentExistsError } from './roles/errors.ts'
import type { Principal } from './rights/model.ts'
import { createAccess } from './authorization.ts'

const alice = 'a11ce000-0000-4000-8000-000000000001'
const bob = 'b0b00000-0000-4000-8000-000000000002'
const team = '7ea30000-0000-4000-8000-000000000003'

const everything: readonly AccessScope[] = [
  {
    type: 'repository',
    name: 'team/app',
    actions: ['pull', 'push', 'delete', 'metadata_read', 'metadata_write', 'untag', 'deleted_read', 'deleted_restore'],
  },
  { type: 'registry', name: 'catalog', actions: ['*'] },
  { type: 'registry', name: 'deleted_catalog', actions: ['*'] },
]
const modes = ['LegacyRegistryPermissions', 'AbacRepositoryPermissions'] as const

for (const kind of testDatabaseKinds) {
  const open = (t: TestContext) => openTestAccessFor(t, kind)
  const pulls = async ({ access }: TestAccess, principal: Principal, registry = testRegistry()): Promise<boolean> => {
    const scope = { type: 'repository', name: 'team/app', actions: ['pull'] }
    return (await access.allowedAccess(principal, registry, [scope])).length > 0
  }

  describe(`decisions, on ${kind}`, () => {
    test('nothing is allowed without an assignment that allows it', async (t) => {
      const { access } = await open(t)
      for (const roleAssignmentMode of modes) {
        const registry = testRegistry({ roleAssignmentMode })
        for (const principal of [principalOf(alice), principalOf(''), principalOf(alice, [bob])]) {
          assert.deepEqual(await access.allowedAccess(principal, registry, everything), [])
          assert.equal(await hasRoleAt(access, principal, registry.id), false)
          assert.equal(
            await access.mayManage(principal, 'Microsoft.ContainerRegistry/registries/read', registry.id),
            false,
          )
          assert.deepEqual(await access.scopesAllowing(principal, '*/read'), [])
        }
      }
    })

    test('an anonymous caller pulls, reads metadata and lists only with anonymous pull', async (t) => {
      const { access } = await open(t)
      const anonymous = { kind: 'anonymous' } as const
      for (const roleAssignmentMode of modes) {
        const off = testRegistry({ roleAssignmentMode })
        assert.deepEqual(await access.allowedAccess(anonymous, off, everything), [])
        const on = testRegistry({ roleAssignmentMode, anonymousPullEnabled: true })
        assert.deepEqual(await access.allowedAccess(anonymous, on, everything), [
          { type: 'repository', name: 'team/app', actions: ['pull', 'metadata_read'] },
          { type: 'registry', name: 'catalog', actions: ['*'] },
        ])
        assert.equal(
          await access.mayManage(anonymous, 'Microsoft.ContainerRegistry/registries/read', testScopes.registry),
          false,
        )
        assert.equal(await hasRoleAt(access, anonymous, testScopes.registry), false)
        assert.deepEqual(await access.scopesAllowing(anonymous, '*/read'), [])
      }
    })

    test('anonymous pull grants nothing to an authenticated caller', async (t) => {
      const opened = await open(t)
      assert.equal(await pulls(opened, principalOf(alice), testRegistry({ anonymousPullEnabled: true })), false)
    })

    test('the enabled admin account has all rights on data of its registry, in both modes, and none to manage', async (t) => {
      const { access } = await open(t)
      for (const roleAssignmentMode of modes) {
        const registry = testRegistry({ roleAssignmentMode, adminUserEnabled: true })
        const admin = { kind: 'admin', rid: registry.rid } as const
        assert.deepEqual(await access.allowedAccess(admin, registry, everything), everything)
        assert.deepEqual(await access.allowedAccess(admin, { ...registry, adminUserEnabled: false }, everything), [])
        assert.deepEqual(await access.allowedAccess(admin, { ...registry, rid: 'b'.repeat(32) }, everything), [])
        assert.equal(await access.mayManage(admin, 'Microsoft.ContainerRegistry/registries/read', registry.id), false)
        assert.deepEqual(await access.scopesAllowing(admin, '*/read'), [])
      }
    })

    test('the result is the allowed part of the requested access, in the requested order', async (t) => {
      const { access, assign } = await open(t)
      await assign(alice, 'AcrPush', testScopes.registry)
      const asked = [
        { type: 'registry', name: 'catalog', actions: ['*'] },
        { type: 'repository', name: 'team/app', actions: ['delete', 'push', 'pull', 'fly'] },
        { type: 'repository', name: 'team/other', actions: ['delete'] },
        { type: 'repository', name: 'every', actions: ['*'] },
        { type: 'registry', name: 'catalog', actions: ['read'] },
        { type: 'registry', name: 'None', actions: ['*'] },
        { type: 'plugin', name: 'team/app', actions: ['pull'] },
      ]
      assert.deepEqual(await access.allowedAccess(principalOf(alice), testRegistry(), asked), [
        { type: 'registry', name: 'catalog', actions: ['*'] },
        { type: 'repository', name: 'team/app', actions: ['push', 'pull'] },
        { type: 'repository', name: 'every', actions: ['metadata_read', 'pull', 'push'] },
      ])
    })

    test('several roles together allow what one of them allows', async (t) => {
      const { access, assign } = await open(t)
      await assign(alice, 'AcrPull', testScopes.registry)
      await assign(alice, 'AcrDelete', testScopes.subscription)
      const asked = [{ type: 'repository', name: 'a', actions: ['pull', 'push', 'delete'] }]
      assert.deepEqual(await access.allowedAccess(principalOf(alice), testRegistry(), asked), [
        { type: 'repository', name: 'a', actions: ['pull', 'delete'] },
      ])
    })

    for (const [where, scope] of Object.entries(testScopes)) {
      test(`a role at the ${where} applies to the registry`, async (t) => {
        const opened = await open(t)
        await opened.assign(alice, 'AcrPull', scope)
        assert.equal(await pulls(opened, principalOf(alice)), true)
        assert.equal(await pulls(opened, principalOf(bob)), false)
        assert.equal(await hasRoleAt(opened.access, principalOf(alice), testScopes.registry), true)
      })
    }

    test('a role applies regardless of the case of its scope', async (t) => {
      const opened = await open(t)
      await opened.assign(alice, 'AcrPull', testScopes.registry.toUpperCase())
      assert.equal(await pulls(opened, principalOf(alice)), true)
    })

    test('a role does not apply beside its scope or above it', async (t) => {
      const opened = await open(t)
      await opened.assign(alice, 'AcrPull', testScopes.registry)
      const elsewhere = [
        registryId(testSubscriptionId, 'Default', 'Contos'),
        registryId(testSubscriptionId, 'Default', 'Contoso2'),
        registryId(testSubscriptionId, 'Default2', 'Contoso'),
        registryId('10000000-0000-4000-8000-000000000002', 'Default', 'Contoso'),
        testScopes.resourceGroup,
        testScopes.subscription,
        testScopes.tenant,
        `${testScopes.registry}/../Contoso`,
        'nonsense',
        '',
      ]
      for (const id of elsewhere) {
        assert.equal(await pulls(opened, principalOf(alice), testRegistry({ id })), false, id)
        assert.equal(await hasRoleAt(opened.access, principalOf(alice), id), false, id)
      }
    })

    test('a role of a group applies to its members only', async (t) => {
      const opened = await open(t)
      await opened.assign(team, 'AcrPull', testScopes.resourceGroup, { principalType: 'Group' })
      assert.equal(await pulls(opened, principalOf(alice, [bob, team])), true)
      assert.equal(await pulls(opened, principalOf(alice)), false)
      assert.deepEqual(
        await opened.access.scopesAllowing(
          principalOf(alice, [team]),
          'Microsoft.ContainerRegistry/registries/pull/read',
        ),
        [testScopes.resourceGroup.toLowerCase()],
      )
    })

    test('an assignment with an unreadable condition grants nothing', async (t) => {
      const opened = await open(t)
      await opened.assign(alice, 'Owner', testScopes.registry, { condition: 'true', conditionVersion: '2.0' })
      assert.equal(await pulls(opened, principalOf(alice)), false)
      assert.equal(await opened.access.mayManage(principalOf(alice), 'a/b/read', testScopes.registry), false)
    })

    test('an assignment of a missing role grants nothing', async (t) => {
      const opened = await open(t)
      await opened.assign(alice, 'Owner', testScopes.registry)
      await opened.database.transaction((transaction) =>
        transaction
          .tables<{ role_assignment: { role_definition_name: string } }>()
          .updateTable('role_assignment')
          .set({ role_definition_name: randomUUID() })
          .execute(),
      )
      assert.equal(await pulls(opened, principalOf(alice)), false)
      assert.equal(await opened.access.mayManage(principalOf(alice), 'a/b/read', testScopes.registry), false)
    })

    test('Contributor manages everything but roles, Reader changes nothing, AcrPull manages nothing', async (t) => {
      const { access, assign } = await open(t)
      await assign('contributor', 'Contributor', testScopes.resourceGroup)
      await assign('reader', 'Reader', testScopes.resourceGroup)
      await assign('puller', 'AcrPull', testScopes.resourceGroup)
      // prettier-ignore
      const table = [
        ['Microsoft.ContainerRegistry/registries/read',                   true,  true,  false],
        ['microsoft.containerregistry/REGISTRIES/write',                  true,  false, false],
        ['Microsoft.ContainerRegistry/registries/listCredentials/action', true,  false, false],
        ['Microsoft.Authorization/roleAssignments/read',                  true,  true,  false],
        ['Microsoft.Authorization/roleAssignments/write',                 false, false, false],
        ['Microsoft.Authorization/roleAssignments/delete',                false, false, false],
        ['Acrux.Server/signingKeys/rotate/action',                        true,  false, false],
        ['Acrux.Server/signingKeys/withdraw/action',                      true,  false, false],
      ] as const
      for (const [action, ...expected] of table) {
        const holders = ['contributor', 'reader', 'puller']
        for (const [index, holder] of holders.entries()) {
          const may = await access.mayManage(principalOf(holder), action, testScopes.registry)
          assert.equal(may, expected[index], `${holder}: ${action}`)
        }
        assert.equal(await access.mayManage(principalOf('contributor'), action, testScopes.subscription), false, action)
      }
    })
  })

  describe(`role assignments, on ${kind}`, () => {
    test('an assignment is found unchanged, case-insensitively', async (t) => {
      const { access, assign, nowMs } = await open(t)
      const name = randomUUID()
      const made = await assign(alice, 'acrpull', testScopes.registry, { name: name.toUpperCase() })
      assert.deepEqual(made, {
        name,
        scope: testScopes.registry,
        roleDefinitionName: '7f951dda-4ed3-4680-a7ca-43fe172d538d',
        principalId: alice,
        principalType: 'ServicePrincipal',
        condition: null,
        conditionVersion: null,
        description: null,
        createdAtMs: nowMs,
        createdBy: 'test',
        updatedAtMs: nowMs,
        updatedBy: 'test',
      })
      assert.deepEqual(await access.findAssignment(testScopes.registry.toUpperCase(), name.toUpperCase()), made)
      assert.equal(await access.findAssignment(testScopes.resourceGroup, name), undefined)
    })

    test('the same role for the same principal at the same scope is rejected, in any case of the scope', async (t) => {
      const { access, assign } = await open(t)
      const made = await assign(alice, 'AcrPull', testScopes.registry)
      await assert.rejects(assign(alice, 'AcrPull', testScopes.registry.toLowerCase()), AssignmentExistsError)
      await assign(alice, 'AcrPush', testScopes.registry)
      await assign(alice, 'AcrPull', testScopes.resourceGroup)
      await assign(bob, 'AcrPull', testScopes.registry)
      await assert.rejects(
        assign(bob, 'AcrPush', testScopes.registry, { name: made.name }),
        AssignmentExistsError,
        'the name is in use',
      )
      await assert.rejects(
        assign(bob, 'AcrPush', testScopes.subscription, { name: made.name }),
        AssignmentExistsError,
        'the name is in use at another scope',
      )
      assert.equal((await access.listAssignments({ scope: testScopes.registry, includeBelow: false })).length, 4)
    })

    test('a list contains the assignments at the scope and above it, optionally below it, of all principals or of one', async (t) => {
      const { access, assign } = await open(t)
      await assign(alice, 'Reader', testScopes.tenant)
      await assign(alice, 'AcrPull', testScopes.subscription)
      await assign(bob, 'AcrPull', testScopes.resourceGroup)
      await assign(alice, 'AcrPull', testScopes.registry)
      await assign(alice, 'AcrPull', `${testScopes.resourceGroup}2`)
      const list = async (scope: string, includeBelow: boolean, ...principalIds: string[]) => {
        const filter = { scope, includeBelow, ...(principalIds.length > 0 && { principalIds }) }
        return (await access.listAssignments(filter)).map((assignment) => assignment.scope)
      }
      const { tenant, subscription, resourceGroup, registry } = testScopes
      assert.deepEqual(await list(resourceGroup, false), [resourceGroup, subscription, tenant])
      assert.deepEqual(await list(resourceGroup, true), [resourceGroup, subscription, tenant, registry])
      assert.deepEqual(await list(resourceGroup, true, alice), [subscription, tenant, registry])
      assert.deepEqual(await list(resourceGroup, true, bob, alice), [resourceGroup, subscription, tenant, registry])
      assert.deepEqual(await list(resourceGroup, true, team), [])
      assert.deepEqual(await list(resourceGroup, false, bob), [resourceGroup])
      assert.equal((await list(subscription, true)).length, 5)
      assert.equal((await list(tenant, true)).length, 5)
      assert.deepEqual(await list(tenant, false), [tenant])
    })

    test('a deleted assignment grants nothing at the next decision', async (t) => {
      const opened = await open(t)
      const { access, assign, database } = opened
      const made = await assign(alice, 'AcrPull', testScopes.registry)
      assert.equal(await pulls(opened, principalOf(alice)), true)
      const remove = (scope: string, name: string) =>
        database.transaction((transaction) => access.deleteAssignment(transaction, scope, name))
      assert.equal(await remove(testScopes.resourceGroup, made.name), undefined)
      assert.equal(await pulls(opened, principalOf(alice)), true)
      assert.deepEqual(await remove(testScopes.registry.toUpperCase(), made.name.toUpperCase()), made)
      assert.equal(await remove(testScopes.registry, made.name), undefined)
      assert.equal(await pulls(opened, principalOf(alice)), false)
    })

    test('cached rights follow every change by any process', async (t) => {
      const { database, access, assign, nowMs } = await open(t)
      const other = createAccess({ database, clock: { now: () => nowMs } })
      const principal = principalOf(alice, [randomUUID(), team])
      const has = async () => hasRoleAt(access, principal, testScopes.registry)
      assert.equal(await has(), false)
      const given = await assign(team, 'AcrPull', testScopes.resourceGroup)
      assert.equal(await has(), true, 'a right that is given is there, though it was looked for before')
      await database.transaction((transaction) => other.deleteAssignment(transaction, given.scope, given.name))
      assert.equal(await has(), false, 'a deleted assignment grants nothing')
    })

    test('the assignments at and below a deleted resource are deleted, and other assignments are not', async (t) => {
      const { access, assign, database } = await open(t)
      const remaining = [
        await assign(alice, 'Reader', testScopes.tenant),
        await assign(alice, 'AcrPull', testScopes.subscription),
        await assign(alice, 'AcrPull', `${testScopes.resourceGroup}2`),
        await assign(alice, 'AcrPull', registryId(testSubscriptionId, 'Default2', 'Contoso')),
      ]
      await assign(alice, 'AcrPull', testScopes.resourceGroup)
      await assign(bob, 'AcrPull', testScopes.registry)
      await database.transaction((transaction) =>
        access.deleteAssignmentsBelow(transaction, testScopes.resourceGroup.toUpperCase()),
      )
      const left = await access.listAssignments({ scope: testScopes.tenant, includeBelow: true })
      assert.deepEqual(left.map(({ name }) => name).toSorted(), remaining.map(({ name }) => name).toSorted())
    })

    test('the assignments of a deleted principal are deleted, and other assignments are not', async (t) => {
      const { access, assign, database } = await open(t)
      await assign(alice, 'AcrPull', testScopes.registry)
      await assign(alice, 'Owner', testScopes.subscription)
      const remaining = await assign(bob, 'AcrPull', testScopes.registry)
      await database.transaction((transaction) => access.deleteAssignmentsOf(transaction, alice))
      assert.deepEqual(await access.listAssignments({ scope: testScopes.tenant, includeBelow: true }), [remaining])
    })

    test('every change moves the revision of authority', async (t) => {
      const { access, assign, database } = await open(t)
      let before = await database.authorityRevision()
      const moves = async (what: string, work: Promise<unknown>) => {
        await work
        const after = await database.authorityRevision()
        assert.ok(after > before, what)
        before = after
      }
      const { name } = await assign(bob, 'AcrPull', testScopes.registry)
      await moves('giving', assign(alice, 'AcrPull', testScopes.registry))
      await moves(
        'taking',
        database.transaction((transaction) => access.deleteAssignment(transaction, testScopes.registry, name)),
      )
      await moves(
        'deleting a resource',
        database.transaction((transaction) => access.deleteAssignmentsBelow(transaction, testScopes.subscription)),
      )
      await moves(
        'deleting a principal',
        database.transaction((transaction) => access.deleteAssignmentsOf(transaction, alice)),
      )
    })
  })

  test(`role definitions are found by id and by name, case-insensitively, on ${kind}`, async (t) => {
    const { access } = await open(t)
    for (const role of await access.listRoleDefinitions()) {
      assert.equal(await access.findRoleDefinition(role.name.toUpperCase()), role)
      assert.equal(await access.findRoleDefinition(role.roleName.toUpperCase()), role)
    }
    assert.equal(await access.findRoleDefinition('NoSuchRole'), undefined)
    assert.equal(await access.findRoleDefinition('__proto__'), undefined)
  })
}
