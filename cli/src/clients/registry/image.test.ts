import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseImage } from './image.ts'

test('an image has a tag, a digest, or the tag latest', () => {
  assert.deepEqual(parseImage('team/app:1'), { repository: 'team/app', tag: '1' })
  assert.deepEqual(parseImage('team/app@sha256:ab'), { repository: 'team/app', digest: 'sha256:ab' })
  assert.deepEqual(parseImage('team/app'), { repository: 'team/app', tag: 'latest' })
})

test('an image with two tags or two digests is rejected, and so is an image with a digest where only tags are allowed', () => {
  for (const text of ['a:1:2', 'a@sha256:b@sha256:c', 'localhost:5000/a:1'])
    assert.throws(() => parseImage(text), /format 'name@digest'/, text)
  assert.throws(() => parseImage('a@sha256:b', { allowsDigest: false }), /format 'name:tag'\.$/)
})
