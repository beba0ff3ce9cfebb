import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Chosen } from './chosen.ts'
import { effectOfDeletion, namesOf, recentPull } from './effect.ts'

const nowMs = Date.parse('2026-11-30T20:00:00Z')
const locks = { deleteEnabled: true, writeEnabled: true, readEnabled: true, listEnabled: true }

const image = (name: string, more: Partial<Chosen> = {}): Chosen => ({
  name,
  reference: name,
  digest: 'sha256:0',
  tags: [name],
  tagCount: 1,
  sizeBytes: 1024 * 1024,
  pulledAt: undefined,
  locks,
  ...more,
})

test('the first three names are shown, and how many more', () => {
  assert.equal(namesOf([image('a')]), 'a')
  assert.equal(namesOf(['a', 'b', 'c', 'd', 'e'].map((name) => image(name))), 'a, b, c and 2 more')
})

test('the newest pull of the last seven days is named', () => {
  const old = image('old', { pulledAt: '2026-11-20T20:00:00Z' })
  assert.equal(recentPull([image('never'), old], nowMs), undefined)
  const pulled = [image('a', { pulledAt: '2026-11-30T18:00:00Z' }), image('b', { pulledAt: '2026-11-30T19:20:00Z' })]
  assert.equal(recentPull([old, ...pulled], nowMs), 'b was pulled 40 minutes ago')
})

test('the effect of a deletion has the lost tags, the bytes, and how long the images can be restored', () => {
  const images = [image('a'), image('b')]
  assert.equal(
    effectOfDeletion(images, 7, nowMs),
    'a, b · no other tag names these images · up to 2 MiB can be freed, restorable for 7 days',
  )
  assert.equal(
    effectOfDeletion([...images, image('c', { tagCount: 3 })], 0, nowMs),
    'a, b, c · 5 tags are lost · up to 3 MiB can be freed',
  )
  const untagged = image('sha256:0123', { tags: [], tagCount: 0 })
  assert.match(effectOfDeletion([untagged], undefined, nowMs), /^sha256:0123 · no other tag .* can be freed$/)
})
