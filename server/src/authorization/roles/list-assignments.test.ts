import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, describe, test } from 'node:test'
import { sql } from 'kysely'
import type { Database } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  type ObservedRead,
  observeReads,
  planOfSqlite,
  rowsReadByPostgres,
} from '../../../testing/platform/test-reads.ts'
import { registryId, scopeChain } from '@acrux/shared/standards/azure/resource-id.ts'
import { type Access, createAccess } from '../authorization.ts'
import { openTestAccessFor, testScopes, testSubscriptionId } from '../../../testing/authorization/test-access.ts'
import type { AssignmentFilter } from './list-assignments.ts'
import type { RoleAssignment } from './model.ts'
import { createRoleAssignmentStore } from './role-assignment-store.ts'
import type { RoleAssignmentRow } from './rows.ts'

const alice = 'a11ce000-0000-4000-8000-000000000001'
const bob = 'b0b00000-0000-4000-8000-000000000002'
const team = '7ea30000-0000-4000-8000-000000000003'

const pullRole = randomUUID()
const { subscription, resourceGroup, registry } = testScopes

/** Inserts an assignment of a role to a principal at each of the scopes. */
function insertAll(
  database: Database,
  principalId: string,
  assignments: readonly (readonly [scope: string, role: string])[],
): Promise<void> {
  const rows = assignments.map(([scope, role]) => ({
    scope_key: scope.toLowerCase(),
    name: randomUUID(),
    scope,
    role_definition_name: role,
    principal_id: principalId,
    principal_type: 'ServicePrincipal',
    condition: null,
    condition_version: null,
    created_at_ms: 0,
    created_by: 'test',
    description: null,
    updated_at_ms: null,
    updated_by: null,
  }))
  return database.transaction(async (transaction) => {
    const tables = transaction.tables<{ role_assignment: RoleAssignmentRow }>()
    await tables.insertInto('role_assignment').values(rows).execute()
  })
}

/** Gives principals thousands of assignments: of many roles at one scope, and of one role at many scopes. */
async function insertThousands(database: Database, principalIds: readonly string[]): Promise<void> {
  const roles = Array.from({ length: 1000 }, () => randomUUID())
  const registries = roles.map((_, index) => registryId(testSubscriptionId, 'Default', `Registry${index}`))
  for (const id of principalIds) {
    await insertAll(
      database,
      id,
      [...roles, pullRole].map((role) => [subscription, role]),
    )
    await insertAll(
      database,
      id,
      roles.map((role) => [resourceGroup, role]),
    )
    await insertAll(
      database,
      id,
      registries.map((scope) => [scope, pullRole]),
    )
    await insertAll(
      database,
      id,
      roles.slice(1).map((role) => [registries[1] ?? '', role]),
    )
  }
  if (database.kind === 'postgres') {
    await database.transaction(async (transaction) => {
      await sql`analyze role_assignment`.execute(transaction.tables())
    })
  }
}

async function readPages(access: Access, filter: AssignmentFilter, limit: number): Promise<RoleAssignment[]> {
  const found: RoleAssignment[] = []
  for (;;) {
    const page = await access.listAssignments(filter, { after: found.at(-1), limit })
    found.push(...page)
    if (page.length < limit) return found
  }
}

/** The assignments in the order of a list at the resource group. */
function inListOrder(assignments: readonly RoleAssignment[]): RoleAssignment[] {
  const rank = ({ scope }: RoleAssignment) => (scope === resourceGroup ? 0 : scope === subscription ? 1 : 2)
  const key = ({ scope, name }: RoleAssignment) => `${scope.toLowerCase()} ${name}`
  return assignments.toSorted((one, other) => rank(one) - rank(other) || (key(one) < key(other) ? -1 : 1))
}

/**
 * Asserts that a read reads few rows outside the result: at most as many rows for each principal. PostgreSQL may read
 * some rows of other principals, because few entries remain near the end of the index of names. In SQLite, the
 * conditions of the filter are bounds of an index, and only the parts of principals are read again and sorted.
 */
async function assertReadsItsRows(
  database: Database,
  { query, rows }: ObservedRead,
  { principalIds = [], roleDefinitionName }: AssignmentFilter,
): Promise<void> {
  if (database.kind === 'postgres') {
    const read = await rowsReadByPostgres(database, query)
    assert.ok(read <= rows * Math.max(principalIds.length, 1) + 100, `${read} rows read for ${rows}: ${query.sql}`)
    return
  }
  const bounds = [
    principalIds.length > 0 && 'principal_id=?',
    roleDefinitionName !== undefined && 'role_definition_name=?',
  ]
  const steps = await planOfSqlite(database, query)
  const count = (step: string) => steps.filter((each) => each === step).length
  const parts = count('CO-ROUTINE role_assignment')
  assert.equal(count('SCAN role_assignment'), parts, query.sql)
  assert.ok(count('USE TEMP B-TREE FOR ORDER BY') <= parts, query.sql)
  for (const step of steps.filter((each) => each.startsWith('SEARCH'))) {
    assert.match(step, /^SEARCH role_assignment USING INDEX /, query.sql)
    for (const bound of bounds) if (bound !== false) assert.ok(step.includes(bound), `${step}: ${query.sql}`)
  }
}

for (const kind of testDatabaseKinds) {
  const open = (t: TestContext) => openTestAccessFor(t, kind)

  describe(`lists of role assignments, on ${kind}`, () => {
    test('a list is read in parts that together contain every assignment once, also of a role or of principals', async (t) => {
      const { access, assign } = await open(t)
      const { tenant, subscription, resourceGroup, registry } = testScopes
      const belowToo = [registry, `${resourceGroup}2`, registryId(testSubscriptionId, 'Default2', 'Contoso')]
      for (const scope of [tenant, subscription, resourceGroup, ...belowToo]) {
        for (const id of [alice, bob, team]) {
          await assign(id, 'AcrPull', scope)
          await assign(id, 'Reader', scope)
        }
      }
      const reader = await access.findRoleDefinition('Reader')
      const filters: readonly (readonly [filter: Partial<AssignmentFilter>, count: number])[] = [
        [{}, 36],
        [{ roleDefinitionName: reader?.name }, 18],
        [{ principalIds: [bob] }, 12],
        [{ principalIds: [team, alice], roleDefinitionName: reader?.name }, 12],
        [{ includeBelow: false, scope: registry }, 24],
        [{ includeBelow: false, scope: registry, roleDefinitionName: reader?.name }, 12],
        [{ scope: tenant, principalIds: [alice, bob, team] }, 36],
      ]
      for (const [change, count] of filters) {
        const filter = { scope: subscription, includeBelow: true, ...change }
        const whole = await access.listAssignments(filter)
        assert.equal(whole.length, count)
        for (const limit of [1, 5, count]) {
          const parts: RoleAssignment[] = []
          for (let size = limit; size === limit && parts.length <= count;) {
            const part = await access.listAssignments(filter, { after: parts.at(-1), limit })
            parts.push(...part)
            size = part.length
          }
          assert.deepEqual(parts, whole, `${JSON.stringify(change)} by ${limit}`)
        }
      }
    })

    test('a page of the assignments of principals costs the same for any number of assignments', async (t) => {
      const { database, reads } = observeReads((await open(t)).database)
      const access = createAccess({ database, clock: { now: () => 0 } })
      await insertThousands(database, [alice, team, bob])
      const filters: readonly (readonly [filter: Partial<AssignmentFilter>, count: number])[] = [
        [{ principalIds: [alice] }, 4000],
        [{ principalIds: [alice, team] }, 8000],
        [{ principalIds: [alice], roleDefinitionName: pullRole }, 1001],
        [{ principalIds: [alice, team], roleDefinitionName: pullRole }, 2002],
      ]
      for (const [change, count] of filters) {
        const filter = { scope: resourceGroup, includeBelow: true, ...change }
        const whole = await readPages(access, filter, 700)
        assert.equal(new Set(whole.map(({ name }) => name)).size, count)
        assert.deepEqual(whole, inListOrder(whole))
        for (const from of [0, 500, Math.floor(count / 2), count - 20]) {
          reads.length = 0
          const page = await access.listAssignments(filter, { after: whole[from - 1], limit: 10 })
          assert.deepEqual(page, whole.slice(from, from + 10))
          assert.equal(
            reads.reduce((sum, { rows }) => sum + rows, 0),
            10,
          )
          for (const read of reads) await assertReadsItsRows(database, read, filter)
        }
      }
    })

    test('a part in the order of principals costs the same for any number of assignments', async (t) => {
      const { database, reads } = observeReads((await open(t)).database)
      await insertThousands(database, [alice, team, bob])
      const store = createRoleAssignmentStore(database)
      for (const [after, next] of [
        ['', team],
        [team, alice],
        [alice, bob],
      ] as const) {
        reads.length = 0
        const rows = await store.assignedAfter(scopeChain(registry), after, 10)
        assert.deepEqual(
          rows.map((row) => row.principal_id),
          Array.from({ length: 10 }, () => next),
        )
        if (database.kind !== 'postgres') continue
        for (const { query } of reads) assert.ok((await rowsReadByPostgres(database, query)) <= 60, query.sql)
      }
    })

    test('a principal with hundreds of groups gets every assignment once, in the same order', async (t) => {
      const { access, database } = await open(t)
      const principalIds = Array.from({ length: 250 }, () => randomUUID())
      for (const id of principalIds) {
        await insertAll(
          database,
          id,
          [subscription, resourceGroup, registry].map((scope) => [scope, pullRole]),
        )
      }
      const filter = { scope: resourceGroup, includeBelow: true, principalIds }
      const whole = await access.listAssignments(filter)
      assert.equal(new Set(whole.map(({ name }) => name)).size, 750)
      assert.deepEqual(whole, inListOrder(whole))
      assert.deepEqual(await readPages(access, filter, 70), whole)
    })

    test('a position outside a list gives no access to assignments outside the list', async (t) => {
      const { access, assign } = await open(t)
      const { tenant, subscription, resourceGroup, registry } = testScopes
      const inner = await assign(alice, 'AcrPull', registry)
      await assign(alice, 'AcrPull', `${resourceGroup}2`)
      await assign(alice, 'AcrPull', subscription)
      const name = randomUUID()
      for (const principalIds of [undefined, [alice]]) {
        const after = (scope: string, includeBelow: boolean) =>
          access.listAssignments({ scope: resourceGroup, includeBelow, principalIds }, { after: { scope, name } })
        assert.deepEqual(await after(`${resourceGroup}2`, false), [])
        assert.deepEqual(await after(`${resourceGroup}2`, true), [])
        assert.deepEqual(await after(`${tenant}nowhere`, true), [inner])
      }
    })
  })
}
