import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseQuery } from './query.ts'

const digest = `sha256:${'a'.repeat(64)}`

test('a search text can name an image', () => {
  assert.deepEqual(parseQuery(' team/app:1 ')?.image, { repository: 'team/app', reference: '1' })
  assert.deepEqual(parseQuery(`app@${digest}`)?.image, { repository: 'app', reference: digest })
  for (const text of ['team/app', 'Team/App:1', 'a b:1', 'app@sha256:1', digest])
    assert.equal(parseQuery(text)?.image, undefined, text)
})

test('a digest alone is known as one, and a text of one character is none', () => {
  assert.equal(parseQuery(digest)?.isBareDigest, true)
  assert.equal(parseQuery('TEAM')?.text, 'team')
  assert.equal(parseQuery(' x '), undefined)
})
