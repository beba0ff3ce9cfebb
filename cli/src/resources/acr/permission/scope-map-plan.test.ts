import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRepositoryPattern } from '@acrux/shared/permissions/repository-pattern.ts'
import { afterChanges, remainingOfScopeMap } from './scope-map-plan.ts'

const map = {
  user: { kind: 'token', name: 'device' } as const,
  name: 'devices',
  actions: ['repositories/team/*/content/read', 'repositories/team/app/content/write', 'gateway/none/config/read'],
  isOwn: true,
  isDisabled: false,
}

function remaining(action: 'pull' | 'push' | 'delete', pattern: string): readonly string[] {
  const parsed = parseRepositoryPattern(pattern) ?? assert.fail(pattern)
  return remainingOfScopeMap(map, action, parsed).map((each) => `${each.action} ${JSON.stringify(each.pattern)}`)
}

test('pull is included in push and delete, on the repositories that the patterns have in common', () => {
  assert.deepEqual(remaining('pull', 'team/app'), [
    'push {"kind":"name","text":"team/app"}',
    'pull {"kind":"prefix","text":"team/"}',
  ])
  assert.deepEqual(remaining('push', 'team/web'), [])
  assert.deepEqual(remaining('pull', 'other'), [])
})

test('planned changes replace the actions, or close anonymous access', () => {
  const closed = afterChanges(map, [{ kind: 'close-anonymous-access', description: '' }])
  assert.deepEqual(closed.actions, [])
  assert.deepEqual(afterChanges(map, []), map)
})
