import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { conditionText } from '../../../../test/oracle/condition-text.ts'
import { conditionTrees, testRepositories } from '../../../../test/oracle/condition-trees.ts'
import { usualDatabaseKind } from '../../../testing/platform/test-database.ts'
import type { Principal, RegistryInQuestion, RightInQuestion } from '../rights/model.ts'
import { everyRight } from '@acrux/shared/standards/azure/registry-rights.ts'
import { builtInRoles } from '../roles/built-in-roles.ts'
import { AssignmentExistsError } from '../roles/errors.ts'
import {
  type TestAccess,
  openTestAccess,
  otherRid,
  principalOf,
  putScopeMap,
  testAuthor,
  testRegistry,
  testScopes,
} from '../../../testing/authorization/test-access.ts'
import { explainDenied } from './explain-denial.ts'
import type { SmallestChange } from './smallest-change.ts'

const [alice, team] = ['a11ce000-0000-4000-8000-000000000001', '7ea30000-0000-4000-8000-000000000003']
const custom = 'c0570000-0000-4000-8000-000000000007'
const mapName = 'map'

const patterns = fc.array(
  fc.constantFrom('*', '*/read', '*/content/*', '*/write', 'Microsoft.ContainerRegistry/registries/pull/read'),
  { maxLength: 2 },
)
const condition = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(conditionTrees, fc.nat(2)).map(([tree, style]) => conditionText(tree, style)) },
  { weight: 2, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constant('no condition') },
)
const worlds = fc.record({
  role: fc.record({ actions: patterns, notActions: patterns, dataActions: patterns, notDataActions: patterns }),
  assignments: fc.array(
    fc.record({
      principal: fc.constantFrom(alice, team),
      role: fc.constantFrom('custom', ...builtInRoles.map(({ roleName }) => roleName)),
      scope: fc.constantFrom(...Object.values(testScopes)),
      condition,
    }),
    { maxLength: 4 },
  ),
  map: fc.subarray(['a/content/read', 'team/*/content/write', 'a/metadata/write', '*/metadata/read'], { minLength: 1 }),
  anonymousMap: fc.boolean(),
  registry: fc.record({
    adminUserEnabled: fc.boolean(),
    anonymousPullEnabled: fc.boolean(),
    roleAssignmentMode: fc.constantFrom('LegacyRegistryPermissions' as const, 'AbacRepositoryPermissions' as const),
  }),
  questions: fc.array(
    fc.record({
      who: fc.constantFrom('alice' as const, 'token' as const, 'anonymous' as const, 'admin' as const),
      elsewhere: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
      right: fc.constantFrom(...everyRight),
      repository: fc.constantFrom(...testRepositories),
      tokenAccess: fc.option(fc.subarray(['pull', 'push', 'metadata_read']), { nil: undefined }),
      action: fc.constantFrom(
        'Microsoft.ContainerRegistry/registries/read',
        'Microsoft.ContainerRegistry/registries/write',
        'Microsoft.Authorization/roleAssignments/write',
      ),
    }),
    { minLength: 4, maxLength: 10 },
  ),
})
type World = typeof worlds extends fc.Arbitrary<infer Value> ? Value : never

/** Creates the objects of a world in an empty database. Returns the id of the scoped token. */
async function create(opened: TestAccess, world: World): Promise<string> {
  const { access, database, assign } = opened
  const rid = testRegistry().rid
  await database.transaction((transaction) =>
    access.putRoleDefinition(transaction, {
      name: custom,
      roleName: 'custom',
      description: '',
      assignableScopes: ['/'],
      author: 'test',
      permissions: [world.role],
    }),
  )
  for (const { principal, role, scope, condition: text } of world.assignments) {
    const conditioned = { condition: text, conditionVersion: text === null ? null : '2.0' }
    const principalType = principal === team ? 'Group' : 'User'
    await assign(principal, role, scope, { ...conditioned, principalType }).catch((error: unknown) => {
      if (!(error instanceof AssignmentExistsError)) throw error
    })
  }
  await putScopeMap(
    opened,
    mapName,
    world.map.map((action) => `repositories/${action}`),
    rid,
  )
  const named = { scopeMapName: mapName, scopeMapId: `/maps/${mapName}` }
  return database.transaction(async (transaction) => {
    if (world.anonymousMap) await access.anonymousAccess.put(transaction, rid, named, testAuthor)
    else await access.anonymousAccess.delete(transaction, rid)
    const { token } = await access.scopedTokens.put(
      transaction,
      rid,
      { name: 'ci', enabled: true, ...named },
      testAuthor,
    )
    return token.id
  })
}

async function removeAssignments({ access, database }: TestAccess): Promise<void> {
  const all = await access.listAssignments({ scope: testScopes.tenant, includeBelow: true })
  await database.transaction(async (transaction) => {
    for (const { scope, name } of all) await access.deleteAssignment(transaction, scope, name)
  })
}

/** Makes the proposed change. Returns the registry after the change. */
async function make(
  opened: TestAccess,
  change: Exclude<SmallestChange, { readonly kind: 'sign-in' }>,
  registry: RegistryInQuestion,
): Promise<RegistryInQuestion> {
  const { access, database } = opened
  switch (change.kind) {
    case 'change-condition': {
      const { scope, name } = change.assignment
      const without = { condition: null, conditionVersion: null, description: null, updatedBy: 'test' }
      await database.transaction((transaction) => access.updateAssignment(transaction, scope, name, without))
      return registry
    }
    case 'assign-role': {
      const { roleName, scope, condition: text = null } = change
      const conditionVersion = text === null ? null : '2.0'
      await opened.assign(alice, roleName, scope, { name: randomUUID(), condition: text, conditionVersion })
      return registry
    }
    case 'extend-scope-map': {
      const map = await access.scopeMaps.find(registry.rid, mapName)
      await putScopeMap(opened, mapName, [...(map?.actions ?? []), change.action])
      return registry
    }
    case 'enable-admin-account':
      return { ...registry, adminUserEnabled: true }
    case 'enable-anonymous-pull':
      return { ...registry, anonymousPullEnabled: true }
    default:
      throw new Error(`no other change is known: ${JSON.stringify(change)}`)
  }
}

function principalFor(who: World['questions'][number]['who'], rid: string, tokenId: string): Principal {
  switch (who) {
    case 'alice':
      return principalOf(alice, [team])
    case 'token':
      return { kind: 'scoped-token', rid, tokenId }
    case 'anonymous':
      return { kind: 'anonymous' }
    case 'admin':
      return { kind: 'admin', rid }
  }
}

function scopeOf({ right, repository }: RightInQuestion) {
  return repository === undefined
    ? { type: 'registry', name: right, actions: ['*'] }
    : { type: 'repository', name: repository, actions: [right] }
}

test('an explanation has the same result as the decision, and the smallest change allows a denied request', async (t) => {
  const opened = await openTestAccess(usualDatabaseKind)
  t.after(() => opened.dispose())
  const { access } = opened
  const seen: Record<string, number> = { allowed: 0, denied: 0 }
  const count = (what: string) => (seen[what] = (seen[what] ?? 0) + 1)

  async function askRight(question: World['questions'][number], registry: RegistryInQuestion, tokenId: string) {
    const principal = principalFor(question.who, question.elsewhere ? otherRid : registry.rid, tokenId)
    const isCatalog = question.right.endsWith('catalog')
    const asked = { right: question.right, repository: isCatalog ? undefined : question.repository }
    const context = JSON.stringify({ principal, registry, asked })
    const isAllowed = async (at: RegistryInQuestion) =>
      (await access.allowedAccess(principal, at, [scopeOf(asked)])).length > 0
    const allowed = await isAllowed(registry)
    const explained = await access.explain(principal, registry, asked)
    assert.deepEqual([explained.allowed, explained.firstFailure === undefined], [allowed, allowed], context)
    if (principal.kind === 'directory')
      assert.equal(
        explained.assignments.some(({ verdict }) => verdict === 'allows'),
        allowed,
        context,
      )
    const rights = await access.rightsAt(principal, registry)
    const { tokenAccess: actions } = question
    const tokenAccess = actions && [{ type: 'repository', name: question.repository, actions }]
    const isInToken = actions === undefined || (!isCatalog && actions.includes(asked.right))
    const denial = explainDenied({ principal, registry, rights, tokenAccess }, scopeOf(asked))
    assert.equal(denial === undefined, allowed && isInToken, context)
    assert.equal(denial?.firstFailure === 'token-lacks-access', allowed && !isInToken, context)
    count(allowed ? 'allowed' : 'denied')
    const { smallestChange: change } = explained
    if (allowed || change === undefined) {
      assert.ok(allowed || explained.firstFailure === 'another-registry', context)
      return registry
    }
    count(change.kind)
    if (change.kind === 'sign-in') return registry
    const after = await make(opened, change, registry)
    assert.equal(await isAllowed(after), true, `${context} after ${JSON.stringify(change)}`)
    return after
  }

  async function askAction(action: string, scope: string) {
    const principal = principalOf(alice, [team])
    assert.ok(principal.kind === 'directory')
    const allowed = await access.mayManage(principal, action, scope)
    const explained = await access.explainAction(principal, action, scope)
    assert.deepEqual([explained.allowed, explained.firstFailure === undefined], [allowed, allowed], action)
    if (allowed) return
    const { smallestChange: change } = explained
    assert.ok(change !== undefined && change.kind !== 'sign-in', action)
    count(`${change.kind} for an action`)
    await make(opened, change, testRegistry())
    assert.equal(await access.mayManage(principal, action, scope), true, `${action} after ${JSON.stringify(change)}`)
  }

  const property = fc.asyncProperty(worlds, async (world) => {
    await removeAssignments(opened)
    const tokenId = await create(opened, world)
    let registry = testRegistry(world.registry)
    for (const question of world.questions) {
      registry = await askRight(question, registry, tokenId)
      if (question.who === 'alice') await askAction(question.action, registry.id)
    }
  })
  const kinds = ['change-condition', 'assign-role', 'extend-scope-map', 'enable-admin-account', 'enable-anonymous-pull']
  const rarest = () => Math.min(...['allowed', 'denied', ...kinds].map((kind) => seen[kind] ?? 0))
  await fc.assert(property, { numRuns: 50 })
  // Chance decides how often each kind is seen.
  for (let more = 0; rarest() < 4 && more < 20; more += 1) await fc.assert(property, { numRuns: 10 })
  t.diagnostic(JSON.stringify(seen))
  assert.ok(rarest() >= 4, JSON.stringify(seen))
})
