import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListedManifest, References } from './model.ts'
import { selectManifests, selectTags } from './select.ts'

const rules = { changedBeforeMs: 100, pulledBeforeMs: undefined, keep: 0 }

function tag(name: string, updatedAtMs: number, rest: { isLocked?: boolean; pulledAtMs?: number } = {}) {
  return { name, digest: `sha256:${name}`, updatedAtMs, pulledAtMs: undefined, isLocked: false, ...rest }
}

const namesOf = (tags: readonly { readonly name: string }[]) => tags.map(({ name }) => name)

test('tags are deleted if they are old enough, except the newest tags that the rules keep', () => {
  const tags = [tag('a', 10), tag('b', 30), tag('c', 20), tag('new', 100), tag('locked', 40, { isLocked: true })]
  const all = selectTags(tags, rules)
  assert.deepEqual([namesOf(all.deleted), namesOf(all.locked)], [['b', 'c', 'a'], ['locked']])
  assert.deepEqual(namesOf(selectTags(tags, { ...rules, keep: 2 }).deleted), ['a'], 'a locked tag does not count')
  assert.deepEqual(namesOf(selectTags(tags, { ...rules, keep: 3 }).deleted), [])
})

test('tags that were pulled recently are kept', () => {
  const tags = [tag('never', 10), tag('long-ago', 20, { pulledAtMs: 49 }), tag('recently', 30, { pulledAtMs: 50 })]
  assert.deepEqual(namesOf(selectTags(tags, { ...rules, pulledBeforeMs: 50 }).deleted), ['long-ago', 'never'])
})

type Given = Readonly<
  Record<
    string,
    {
      tags?: string[]
      children?: string[]
      subject?: string
      isLocked?: true
      updatedAtMs?: number
      pulledAtMs?: number
    }
  >
>

/** The digests that are deleted, in waves. */
function deletedOf(given: Given, purged: readonly string[] = [], pulledBeforeMs?: number) {
  const manifests: ListedManifest[] = Object.entries(given).map(([digest, each]) => ({
    digest,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    updatedAtMs: each.updatedAtMs ?? 10,
    pulledAtMs: each.pulledAtMs,
    isLocked: each.isLocked ?? false,
    tags: each.tags ?? [],
  }))
  const references = new Map<string, References>(
    Object.entries(given).map(([digest, { children = [], subject }]) => [digest, { children, subject }]),
  )
  const remainingTags = ({ tags }: ListedManifest) => tags.filter((name) => !purged.includes(name)).length
  return selectManifests(manifests, references, { rules: { ...rules, pulledBeforeMs }, remainingTags })
}

const cases: readonly (readonly [why: string, given: Given, waves: readonly (readonly string[])[]])[] = [
  ['without a tag', { a: {}, b: { tags: ['1'] } }, [['a']]],
  ['changed recently', { a: { updatedAtMs: 100 } }, []],
  ['locked', { a: { isLocked: true } }, []],
  ['in an index with a tag', { index: { tags: ['1'], children: ['a'] }, a: {} }, []],
  ['in an index of an index with a tag', { o: { tags: ['1'], children: ['i'] }, i: { children: ['a'] }, a: {} }, []],
  ['in an index without a tag', { a: {}, index: { children: ['a'] } }, [['index'], ['a']]],
  ['in a recent index', { index: { children: ['a'], updatedAtMs: 100 }, a: {} }, []],
  [
    'in an index that is deleted and one that stays',
    { x: { children: ['a'] }, y: { tags: ['1'], children: ['a'] }, a: {} },
    [['x']],
  ],
  ['a referrer of an image with a tag', { image: { tags: ['1'] }, signature: { subject: 'image' } }, []],
  ['a referrer of a referrer', { image: { tags: ['1'] }, s: { subject: 'image' }, t: { subject: 's' } }, []],
  [
    'a referrer of a manifest in an index with a tag',
    { i: { tags: ['1'], children: ['a'] }, a: {}, s: { subject: 'a' } },
    [],
  ],
  ['a referrer of an image without a tag', { image: {}, signature: { subject: 'image' } }, [['signature'], ['image']]],
  ['a referrer of a missing image', { signature: { subject: 'missing' } }, [['signature']]],
  ['the subject of a referrer with a tag', { image: {}, signature: { tags: ['sig'], subject: 'image' } }, []],
  ['in three levels', { c: {}, b: { children: ['c'] }, a: { children: ['b', 'c'] } }, [['a'], ['b'], ['c']]],
]

for (const [why, given, waves] of cases) {
  test(`a manifest is ${waves.length === 0 ? 'kept' : 'deleted'}: ${why}`, () => {
    assert.deepEqual(deletedOf(given).deleted, waves)
  })
}

test('a manifest is deleted if its last tag is deleted, and kept if one is left', () => {
  assert.deepEqual(deletedOf({ a: { tags: ['1', '2'] }, b: { tags: ['1'] } }, ['1']).deleted, [['b']])
})

test('a manifest that was pulled recently is kept', () => {
  assert.deepEqual(deletedOf({ a: { pulledAtMs: 60 }, b: { pulledAtMs: 40 }, c: {} }, [], 50).deleted, [['b', 'c']])
})

test('locked manifests that would be deleted are reported, and other locked manifests are not', () => {
  assert.deepEqual(deletedOf({ a: { isLocked: true }, b: { isLocked: true, tags: ['1'] } }).locked, ['a'])
})
