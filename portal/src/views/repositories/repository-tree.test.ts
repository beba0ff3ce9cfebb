import assert from 'node:assert/strict'
import { test } from 'node:test'
import { treeOf } from './repository-tree.ts'

test('a folder can also be a repository, and counts what is below and at it', () => {
  const [team, other] = treeOf(['team', 'team/app', 'team/app/base', 'other'])
  assert.deepEqual([team?.path, team?.isRepository, team?.count], ['team', true, 3])
  const app = team?.children[0]
  assert.deepEqual([app?.name, app?.path, app?.isRepository, app?.count], ['app', 'team/app', true, 2])
  assert.deepEqual([other?.name, other?.children], ['other', []])
})

test('names that are members of objects are names like others', () => {
  assert.deepEqual(
    treeOf(['__proto__/constructor']).map(({ path, count }) => [path, count]),
    [['__proto__', 1]],
  )
})
