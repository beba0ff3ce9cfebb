import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Principal } from '../../api/principals.ts'
import type { RoleDefinition } from '../../api/types.ts'
import { lossTexts, repositoriesText, scopeText } from './describe.ts'
import { conditionOf, planAssignments, readPatterns } from './plan-assignments.ts'
import type { NamedAssignment } from './use-access.ts'

const name = '@Request[Microsoft.ContainerRegistry/registries/repositories:name]'
const registryId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso'
const ada: Principal = { id: 'ada', type: 'User', name: 'ada', detail: '' }
const role = { name: 'writer', properties: { roleName: 'Container Registry Repository Writer' } } as RoleDefinition

const placeOf = (text: string) => ({ kind: 'patterns', patterns: readPatterns(text).patterns }) as const

function planned(condition: string | null, place: Parameters<typeof conditionOf>[0]) {
  const present = { id: 'x', principalId: 'ada', role, scope: registryId.toUpperCase(), condition } as NamedAssignment
  const [plan] = planAssignments({ registryId, role, principals: [ada], place, assignments: [present] })
  return plan && [plan.kind, plan.condition]
}

test('repositories are read from lines and commas, up to the first that is none', () => {
  const read = readPatterns('team/app, tools/*\n\n  extra ')
  assert.equal(read.patterns.length, 3)
  assert.equal(read.wrong, undefined)
  assert.equal(readPatterns('team/app\nTeam/App\n../x').wrong, 'Team/App')
})

test('the condition of some repositories compares names and prefixes, and all repositories need none', () => {
  assert.equal(
    conditionOf(placeOf('team/app tools/*')),
    `${name} StringEqualsIgnoreCase 'team/app' OR ${name} StringStartsWithIgnoreCase 'tools/'`,
  )
  assert.equal(conditionOf({ kind: 'all' }), null)
  assert.equal(conditionOf({ kind: 'condition', text: 'as typed' }), 'as typed')
})

test('a principal who has the role keeps it, and gets the repositories that it does not cover', () => {
  const team = `${name} StringStartsWithIgnoreCase 'team/'`
  assert.deepEqual(planned(null, placeOf('team/app')), ['has', null])
  assert.deepEqual(planned(team, placeOf('team/app')), ['has', team])
  assert.deepEqual(planned(team, placeOf('extra')), ['adds-to', `${name} StringEqualsIgnoreCase 'extra' OR ${team}`])
  assert.deepEqual(planned(team, { kind: 'all' }), ['widens', null])
  const [fresh] = planAssignments({ registryId, role, principals: [ada], place: { kind: 'all' }, assignments: [] })
  assert.equal(fresh?.kind, 'create')
})

test('conditions, scopes and losses are described in words', () => {
  assert.equal(repositoriesText(role.properties.roleName, null), undefined)
  assert.equal(repositoriesText(role.properties.roleName, `${name} StringEqualsIgnoreCase 'team/app'`), 'team/app')
  assert.equal(scopeText(registryId.toLowerCase(), registryId), 'This registry')
  assert.match(scopeText('/subscriptions/s/resourceGroups/g', registryId), / g$/)
  assert.equal(scopeText(registryId), 'Registry contoso')
  const lost = [
    { capability: 'pull', where: 'a' },
    { capability: 'push', where: 'a' },
    { capability: 'list', where: 'all repositories' },
  ] as const
  assert.deepEqual(lossTexts(lost), ['pull, push: a', 'list: all repositories'])
})
