import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scopeMapActions } from './actions.ts'

test('each repository is followed by its actions, in any case', () => {
  const words = ['team/App', 'content/READ', 'metadata/read', 'other', 'content/write']
  assert.deepEqual(scopeMapActions(words, ['edge', 'config/read']), [
    'repositories/team/app/content/read',
    'repositories/team/app/metadata/read',
    'repositories/other/content/write',
    'gateway/edge/config/read',
  ])
})

test('the first word is a repository, even if it looks like an action', () => {
  assert.deepEqual(scopeMapActions(['content/app', 'content/read'], undefined), [
    'repositories/content/app/content/read',
  ])
})

test('a repository without actions, and an action that does not exist, are rejected', () => {
  assert.throws(
    () => scopeMapActions(['a', 'content/read', 'b'], undefined),
    /At least one action must be specified with "b"/,
  )
  assert.throws(() => scopeMapActions(['a', 'content/use'], undefined), /Invalid action "content\/use"/)
})
