import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WrongUsageError } from '../../../framework/command/failure.ts'
import { linesOf, parseReference } from './many-references.ts'

test('a list has a reference in each line', () => {
  assert.deepEqual(linesOf('team/app:1\r\n\n# old\n  team/app:2  \n'), ['team/app:1', 'team/app:2'])
})

test('a reference is an image, or a tag or digest of the given repository', () => {
  const digest = `sha256:${'0'.repeat(64)}`
  assert.deepEqual(parseReference('team/app:1', undefined), { repository: 'team/app', tag: '1' })
  assert.deepEqual(parseReference(`team/app@${digest}`, 'other'), { repository: 'team/app', digest })
  assert.deepEqual(parseReference('1', 'team/app'), { repository: 'team/app', tag: '1' })
  assert.deepEqual(parseReference(digest, 'team/app'), { repository: 'team/app', digest })
  assert.throws(() => parseReference('1', undefined), WrongUsageError)
  assert.throws(() => parseReference(digest, undefined), WrongUsageError)
})
