import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { RoleCondition } from '@acrux/shared/standards/conditions/role-condition.ts'
import { parseRoleCondition } from '@acrux/shared/standards/conditions/role-condition-parser.ts'
import {
  type ConditionFacts,
  evaluateRoleCondition,
} from '@acrux/shared/standards/conditions/role-condition-evaluation.ts'
import { conditionText } from '../../../../test/oracle/condition-text.ts'
import { conditionRequests, conditionTrees } from '../../../../test/oracle/condition-trees.ts'
import { plainPermits } from '../../../../test/oracle/plain-rights.ts'
import { type ConditionRequest, type ConditionTree, plainTruth } from '../../../../test/oracle/role-conditions.ts'
import { type AssignedRole, judge } from '../roles/assigned-role.ts'
import { createRoleUnion } from '../roles/role-union.ts'

/** How many pairs are compared. [docs/testing.md, Conditions of role assignments] */
const pairs = Number(process.env['ACRUX_TEST_CONDITION_PAIRS'] ?? 20_000)
const seedText = process.env['ACRUX_TEST_SEED']
const parameters = { numRuns: pairs, ...(seedText === undefined ? {} : { seed: Number(seedText) | 0 }) }

/** Actions of a role, and the condition of its assignment. */
type Given = { readonly actions: readonly string[]; readonly condition: ConditionTree; readonly style: number }

const styles = fc.nat(2 ** 31)
const given: fc.Arbitrary<Given> = fc.record({
  actions: fc.constantFrom(['*'], ['*/read', '*/delete'], ['*/content/*', '*/roleAssignments/*']),
  condition: conditionTrees,
  style: styles,
})

function parsed(text: string): RoleCondition {
  const reading = parseRoleCondition(text)
  assert.ok('condition' in reading, `${JSON.stringify(reading)}: ${text}`)
  return reading.condition
}

function factsOf({ assignment, ...facts }: ConditionRequest): ConditionFacts {
  if (assignment === undefined) return facts
  return { ...facts, assignment: { ...assignment, source: facts.action.endsWith('/write') ? 'Request' : 'Resource' } }
}

function permissionsOf(actions: readonly string[]) {
  return { actions, notActions: [], dataActions: actions, notDataActions: [] }
}

function assigned({ actions, condition, style }: Given): AssignedRole {
  const text = conditionText(condition, style)
  const assignment = { name: '', scope: '/', roleDefinitionName: '', principalId: '', principalType: 'User' } as const
  const role = { name: '', roleName: '', permissions: [permissionsOf(actions)] }
  return { assignment, role, conditionText: text, condition: parsed(text) }
}

function allows(roles: readonly AssignedRole[], { action, repository, assignment }: ConditionFacts): boolean {
  if (assignment === undefined) {
    return createRoleUnion(roles).allows({ kind: 'data-action', name: action }, repository)
  }
  return roles.some((role) => judge(role, { kind: 'action', name: action }, repository, assignment) === 'allows')
}

test("a condition has the value that Azure's documentation describes, for every pair of a condition and a request", (t) => {
  const seen = { true: 0, false: 0, unknown: 0 }
  fc.assert(
    fc.property(conditionTrees, styles, conditionRequests, (tree, style, request) => {
      const role = assigned({ actions: ['*'], condition: tree, style })
      const facts = factsOf(request)
      const expected = plainTruth(tree, request)
      assert.ok(typeof role.condition === 'object')
      assert.equal(
        String(evaluateRoleCondition(role.condition, facts) ?? 'unknown'),
        expected,
        role.conditionText ?? '',
      )
      assert.equal(allows([role], facts), expected === 'true', role.conditionText ?? '')
      seen[expected] += 1
    }),
    parameters,
  )
  t.diagnostic(JSON.stringify(seen))
  for (const count of Object.values(seen)) assert.ok(count > pairs / 20, JSON.stringify(seen))
})

test('several assignments together allow each request that one assignment allows', (t) => {
  const seen = { true: 0, false: 0 }
  fc.assert(
    fc.property(fc.array(given, { minLength: 2, maxLength: 10 }), conditionRequests, (all, request) => {
      const world = {
        roles: Object.fromEntries(all.map(({ actions }, index) => [`${index}`, permissionsOf(actions)])),
        assignments: all.map(({ condition }, index) => ({ principal: 'a', role: `${index}`, scope: '/', condition })),
      }
      const expected = plainPermits(world, ['a'], '/', { ...request, isData: request.assignment === undefined })
      const roles = all.map(assigned)
      const texts = () => roles.map(({ conditionText: text }) => text).join('\n---\n')
      assert.equal(allows(roles, factsOf(request)), expected, texts())
      seen[`${expected}`] += 1
    }),
    { ...parameters, numRuns: Math.ceil(pairs / 10) },
  )
  t.diagnostic(JSON.stringify(seen))
  for (const count of Object.values(seen)) assert.ok(count > pairs / 200, JSON.stringify(seen))
})
