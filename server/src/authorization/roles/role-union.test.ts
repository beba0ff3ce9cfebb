import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leastMilliseconds } from '../../../testing/platform/test-patience.ts'
import { createConditionReader } from '../conditions/condition-reader.ts'
import { type AssignedRole, judge } from './assigned-role.ts'
import { builtInRoles } from './built-in-roles.ts'
import { createRoleUnion, rightsOfRoles } from './role-union.ts'

const role = builtInRoles.find(({ roleName }) => roleName === 'Container Registry Repository Reader')
const prefix = 'Microsoft.ContainerRegistry/registries/repositories'
const name = `@Request[${prefix}:name]`
const need = { kind: 'data-action', name: `${prefix}/content/read` } as const
const readCondition = createConditionReader()

function assigned(conditionText: string): AssignedRole {
  const assignment = { name: '', scope: '/', roleDefinitionName: '', principalId: '', principalType: 'User' } as const
  return { assignment, role, conditionText, condition: readCondition(conditionText) }
}

/** One condition in each format, for names that contain the number. */
const forms: readonly ((number: number) => string)[] = [
  (number) => `${name} StringEqualsIgnoreCase 'Exact-${number}'`,
  (number) => `${name} StringStartsWith 'path-${number}/'`,
  (number) => `${name} StringLike 'like-${number}-*'`,
  (number) =>
    `((!(ActionMatches{'${need.name}'})) OR (${name} ForAnyOfAnyValues:StringEquals {'list-${number}', 'x'}))`,
  (number) => `!(${name} StringNotEquals 'not-${number}') OR (${name} StringEquals 'or-${number}')`,
]
const conditions = Array.from({ length: 10_000 }, (_, index) => forms[index % forms.length]?.(index) ?? '')

test('a union decides about every name like the separate roles', () => {
  const roles = conditions.slice(0, 200).map(assigned)
  const union = createRoleUnion(roles)
  const numbers = Array.from({ length: 210 }, (_, index) => index)
  const names = numbers.flatMap((number) => [
    `exact-${number}`,
    `path-${number}/app`,
    `like-${number}-x`,
    `list-${number}`,
    `not-${number}`,
    `or-${number}`,
    `path-${number}`,
  ])
  const allowed = names.filter((one) => union.allows(need, one))
  const expected = names.filter((one) => roles.some((role) => judge(role, need, one) === 'allows'))
  assert.deepEqual(allowed, expected)
  assert.equal(allowed.length, 240)
  assert.deepEqual(
    allowed,
    names.filter((one) => union.allows(need, one)),
    'and says it again',
  )
})

test('roles permit an action everywhere only without a condition on names', () => {
  const everywhere = (roles: readonly AssignedRole[], right: string) =>
    rightsOfRoles(createRoleUnion(roles), 'AbacRepositoryPermissions').allowsEverywhere?.(right)
  const one = assigned(`${name} StringStartsWith 'team/'`)
  const whole: AssignedRole = { ...one, conditionText: null, condition: 'none' }
  assert.equal(everywhere([whole], 'pull'), true)
  assert.equal(everywhere([one, whole], 'pull'), true)
  assert.equal(everywhere([one], 'pull'), false)
  assert.equal(everywhere([one, one], 'pull'), false)
  assert.equal(everywhere([{ ...whole, condition: 'unreadable' }], 'pull'), false)
  assert.equal(everywhere([{ ...whole, role: undefined }], 'pull'), false)
  assert.equal(everywhere([whole], 'push'), false)
  assert.equal(everywhere([], 'pull'), false)
})

test('a decision with ten thousand conditions takes as long as with one condition, even for new names', async () => {
  const asking = (count: number) => {
    const union = createRoleUnion(conditions.slice(0, count).map(assigned))
    union.allows(need, 'compiles-it')
    return (round: number) => {
      for (let index = 0; index < 5000; index++) union.allows(need, `team-${round}/app-${index}`)
    }
  }
  const { one, many } = await leastMilliseconds(6, { one: asking(8), many: asking(10_000) })
  assert.ok(many < 5 * one + 5, `${many} ms with 10,000, ${one} ms with 8`)
})
