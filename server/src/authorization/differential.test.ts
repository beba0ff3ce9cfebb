import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { registryId, resourceGroupId, subscriptionId } from '@acrux/shared/standards/azure/resource-id.ts'
import { conditionText } from '../../../test/oracle/condition-text.ts'
import { conditionTrees, testRepositories } from '../../../test/oracle/condition-trees.ts'
import {
  type TestAccess,
  openTestAccess,
  principalOf,
  testRegistry,
  testScopes,
  testSubscriptionId,
} from '../../testing/authorization/test-access.ts'
import {
  type PlainAssignment,
  type PlainMode,
  type PlainRole,
  plainAllows,
  plainBuiltInRoles,
  plainManages,
  plainRights,
} from '../../../test/oracle/plain-rights.ts'
import { AssignmentExistsError } from './roles/errors.ts'
import { usualDatabaseKind } from '../../testing/platform/test-database.ts'

const people = ['alice', 'bob'] as const
const groups = ['team', 'staff', 'guests'] as const
const registries = [testScopes.registry, registryId(testSubscriptionId, 'Default', 'Contoso2')] as const
const scopes = [
  ...Object.values(testScopes),
  registries[1],
  resourceGroupId(testSubscriptionId, 'Default2'),
  subscriptionId('10000000-0000-4000-8000-000000000002'),
] as const
const custom = { Mover: randomUUID(), Auditor: randomUUID() } as const
const customNames = Object.keys(custom) as (keyof typeof custom)[]
const manageable = [
  'Microsoft.ContainerRegistry/registries/read',
  'Microsoft.ContainerRegistry/registries/listCredentials/action',
  'Microsoft.Authorization/roleAssignments/write',
] as const

// prettier-ignore
const patterns = fc.array(
  fc.constantFrom(
    '*', '*/read', '*/content/*', 'Microsoft.ContainerRegistry/registries/*', '*/roleAssignments/WRITE',
    'Microsoft.ContainerRegistry/registries/pull/read',
    'Microsoft.ContainerRegistry/registries/push/write',
    'Microsoft.ContainerRegistry/registries/artifacts/delete',
    'Microsoft.ContainerRegistry/registries/repositories/content/write',
    'Microsoft.ContainerRegistry/registries/repositories/metadata/delete',
  ),
  { maxLength: 2 },
)
const permissions: fc.Arbitrary<PlainRole> = fc.record({
  actions: patterns,
  notActions: patterns,
  dataActions: patterns,
  notDataActions: patterns,
})
const condition: fc.Arbitrary<PlainAssignment['condition']> = fc.oneof(
  { weight: 4, arbitrary: conditionTrees },
  { weight: 2, arbitrary: fc.constant('none' as const) },
  { weight: 1, arbitrary: fc.constant('unreadable' as const) },
)

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('assign' as const),
      principal: fc.constantFrom(...people, ...groups),
      role: fc.constantFrom(...Object.keys(plainBuiltInRoles), ...customNames),
      scope: fc.constantFrom(...scopes),
      condition,
      style: fc.nat(2),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), index: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('change' as const), index: fc.nat(20), condition }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('define' as const), role: fc.constantFrom(...customNames), permissions }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

const question = fc.record({
  person: fc.constantFrom(...people),
  groups: fc.subarray([...groups], { minLength: 1 }),
  registry: fc.constantFrom(...registries),
  mode: fc.constantFrom<PlainMode>('LegacyRegistryPermissions', 'AbacRepositoryPermissions'),
  repository: fc.constantFrom(...testRepositories),
})

type Question = typeof question extends fc.Arbitrary<infer Value> ? Value : never

type Held = PlainAssignment & { readonly name: string }

/** The server and the independent implementation, changed by the same steps. */
class Worlds {
  readonly #opened: TestAccess
  roles: Record<string, PlainRole> = {}
  assignments: Held[] = []

  constructor(opened: TestAccess) {
    this.#opened = opened
  }

  async begin(): Promise<void> {
    const { access, database } = this.#opened
    await database.transaction(async (transaction) => {
      for (const { scope, name } of this.assignments) await access.deleteAssignment(transaction, scope, name)
    })
    this.assignments = []
    this.roles = { ...plainBuiltInRoles }
    const nothing = { actions: [], notActions: [], dataActions: [], notDataActions: [] }
    for (const role of customNames) await this.#define(role, nothing)
  }

  async take(taken: Step): Promise<void> {
    const { access, database } = this.#opened
    switch (taken.kind) {
      case 'assign': {
        const { kind: _, style, ...given } = taken
        const name = randomUUID()
        const text = textOf(given.condition, style)
        try {
          await this.#opened.assign(given.principal, given.role, given.scope, { name, ...text })
          this.assignments.push({ ...given, name })
        } catch (error) {
          if (!(error instanceof AssignmentExistsError)) throw error
        }
        return
      }
      case 'remove':
      case 'change': {
        const found = this.assignments[taken.index % Math.max(1, this.assignments.length)]
        if (found === undefined) return
        const others = this.assignments.filter((one) => one !== found)
        if (taken.kind === 'remove') {
          await database.transaction((transaction) => access.deleteAssignment(transaction, found.scope, found.name))
          this.assignments = others
          return
        }
        const change = { ...textOf(taken.condition, 0), description: null, updatedBy: 'test' }
        await database.transaction((transaction) =>
          access.updateAssignment(transaction, found.scope, found.name, change),
        )
        this.assignments = [...others, { ...found, condition: taken.condition }]
        return
      }
      case 'define':
        await this.#define(taken.role, taken.permissions)
    }
  }

  async #define(role: keyof typeof custom, permissions: PlainRole): Promise<void> {
    const { access, database } = this.#opened
    const definition = { name: custom[role], roleName: role, description: '', assignableScopes: ['/'], author: 'test' }
    await database.transaction((transaction) =>
      access.putRoleDefinition(transaction, { ...definition, permissions: [permissions] }),
    )
    this.roles[role] = permissions
  }
}

function textOf(condition: PlainAssignment['condition'], style: number) {
  if (condition === 'none') return { condition: null, conditionVersion: null }
  const text = condition === 'unreadable' ? 'no condition' : conditionText(condition, style)
  return { condition: text, conditionVersion: '2.0' }
}

test('decisions, explanations and lists of allowed principals match an independent implementation', async (t) => {
  const opened = await openTestAccess(usualDatabaseKind)
  t.after(() => opened.dispose())
  const { access } = opened
  const worlds = new Worlds(opened)
  const seen = { allowed: 0, denied: 0, questions: 0 }

  async function ask({ person, groups: ofPerson, registry: id, mode, repository }: Question) {
    const ids = [person, ...ofPerson]
    const principal = principalOf(person, ofPerson)
    const registry = testRegistry({ id, roleAssignmentMode: mode })
    for (const right of plainRights) {
      const isCatalog = right === 'catalog'
      const expected = plainAllows(worlds, ids, { id, mode }, { right, repository: isCatalog ? undefined : repository })
      const asked = isCatalog
        ? { type: 'registry', name: 'catalog', actions: ['*'] }
        : { type: 'repository', name: repository, actions: [right] }
      const context = `${right} on ${repository} of ${id} in ${mode} by ${ids.join()}`
      assert.equal((await access.allowedAccess(principal, registry, [asked])).length > 0, expected, context)
      const inQuestion = { right, repository: isCatalog ? undefined : repository }
      const { allowed, assignments, firstFailure } = await access.explain(principal, registry, inQuestion)
      assert.equal(allowed, expected, context)
      assert.equal(
        assignments.some(({ verdict }) => verdict === 'allows'),
        expected,
        context,
      )
      assert.equal(firstFailure === undefined, expected, context)
      seen[expected ? 'allowed' : 'denied'] += 1
      const alone = [...people, ...groups].filter((one) => plainAllows(worlds, [one], { id, mode }, inQuestion))
      const who = (await access.whoMay(registry, inQuestion)).map(({ principalId }) => principalId)
      assert.deepEqual(new Set(who), new Set(alone), context)
    }
    for (const action of manageable) {
      const may = await access.mayManage(principal, action, id)
      assert.equal(may, plainManages(worlds, ids, id, action), `${action} at ${id} by ${ids.join()}`)
    }
    seen.questions += 1
  }

  const turns = fc.array(fc.tuple(step, fc.array(question, { maxLength: 3 })), { minLength: 8, maxLength: 24 })
  await fc.assert(
    fc.asyncProperty(turns, async (all) => {
      await worlds.begin()
      for (const [taken, questions] of all) {
        await worlds.take(taken)
        for (const one of questions) await ask(one)
      }
    }),
    { numRuns: 100 },
  )
  t.diagnostic(JSON.stringify(seen))
  assert.ok(seen.allowed > 500 && seen.denied > 1000, JSON.stringify(seen))
})
