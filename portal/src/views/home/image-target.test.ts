import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseImageTarget } from './image-target.ts'

const digest = `sha256:${'a'.repeat(64)}`

test('the image of an event is its registry, its repository, and a tag or digest', () => {
  const loginServer = 'localhost:5443'
  assert.deepEqual(parseImageTarget(`${loginServer}/team/app:1`), {
    loginServer,
    repository: 'team/app',
    reference: '1',
  })
  assert.deepEqual(parseImageTarget(`${loginServer}/app@${digest}`), {
    loginServer,
    repository: 'app',
    reference: digest,
  })
})

test('the target of another event is no image', () => {
  for (const text of [
    '',
    'localhost:5443',
    'localhost/app',
    '/subscriptions/x',
    'localhost/app@sha256:a',
    'localhost/app:',
  ])
    assert.equal(parseImageTarget(text), undefined, text)
})
