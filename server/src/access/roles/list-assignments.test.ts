import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, describe, test } from 'node:test'
import { testDatabaseKinds } from '../../platform/sql/test-database.ts'
import { registryId } from '../../standards/azure/resource-id.ts'
import { openTestAccessFor, testScopes, testSubscriptionId } from '../test-access.ts'
import type { AssignmentFilter } from './list-assignments.ts'
import type { RoleAssignment } from './model.ts'

const alice = 'a11ce000-0000-4000-8000-000000000001'
const bob = 'b0b00000-0000-4000-8000-000000000002'
const team = '7ea30000-0000-4000-8000-000000000003'

for (const kind of testDatabaseKinds) {
  const open = (t: TestContext) => openTestAccessFor(t, kind)

  describe(`lists of role assignments, on ${kind}`, () => {
    test('a list is read in parts that together have every assignment once, also of a role or of principals', async (t) => {
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

    test('a place outside a list shows nothing that is outside it', async (t) => {
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
