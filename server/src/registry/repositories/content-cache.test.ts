import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SharedRevisions } from '../../platform/memory/shared-revisions.ts'
import {
  ContentCache,
  type ContentPlace,
  type ContentRevisions,
  contentPlace,
  leasedRevisions,
  sharedRevisions,
} from './content-cache.ts'

type Cached = { readonly sizeBytes: number }

const manifest = (sizeBytes: number): Cached => ({ sizeBytes })

function createCache(revisions: ContentRevisions = sharedRevisions()): ContentCache<Cached> {
  return new ContentCache(revisions, 64 * 1024 * 1024, ({ sizeBytes }) => sizeBytes)
}

function add(cache: ContentCache<Cached>, at: ContentPlace, cached: Cached): void {
  cache.set(cache.revisionOf(at), at, cached)
}

describe('the cache of content', () => {
  it('returns a manifest only for the registry, repository and reference that it was set for', () => {
    const cache = createCache()
    const cached = manifest(10)
    add(cache, contentPlace('r1', 'a/b', 'v1'), cached)
    assert.equal(cache.get(contentPlace('r1', 'a/b', 'v1')), cached)
    for (const [rid, repository, reference] of [
      ['r2', 'a/b', 'v1'],
      ['r1', 'a', 'v1'],
      ['r1', 'a/b', 'v2'],
      ['r1/a', 'b', 'v2'],
    ] as const) {
      assert.equal(cache.get(contentPlace(rid, repository, reference)), undefined)
    }
  })

  it('drops all manifests of one repository, and no others', () => {
    const cache = createCache()
    for (const repository of ['a', 'b']) {
      for (const reference of ['v1', 'v2']) add(cache, contentPlace('r', repository, reference), manifest(1))
    }
    cache.drop('r', 'a')
    assert.equal(cache.get(contentPlace('r', 'a', 'v1')), undefined)
    assert.equal(cache.get(contentPlace('r', 'a', 'v2')), undefined)
    assert.ok(cache.get(contentPlace('r', 'b', 'v1')) !== undefined)
  })

  it('holds nothing of a repository that was dropped, and all of the others', () => {
    const cache = createCache()
    for (let index = 0; index < 100; index += 1) {
      add(cache, contentPlace('r', 'a', `v${index}`), manifest(1))
      add(cache, contentPlace('r', 'b', `v${index}`), manifest(1))
    }
    assert.equal(cache.size, 200)
    cache.drop('r', 'a')
    assert.equal(cache.size, 100)
    add(cache, contentPlace('r', 'a', 'v1'), manifest(1))
    cache.drop('r', 'a')
    assert.equal(cache.size, 100)
  })

  it('ignores a manifest that was read before its repository was dropped', () => {
    const cache = createCache()
    const revision = cache.revisionOf(contentPlace('r', 'a', 'v1'))
    cache.drop('r', 'a')
    cache.set(revision, contentPlace('r', 'a', 'v1'), manifest(1))
    assert.equal(cache.get(contentPlace('r', 'a', 'v1')), undefined)
  })

  it('drops a repository in every thread that shares the revisions', () => {
    const revisions = new SharedRevisions()
    const reading = createCache(sharedRevisions(new SharedRevisions(revisions.memory)))
    add(reading, contentPlace('r', 'a', 'v1'), manifest(1))
    assert.ok(reading.get(contentPlace('r', 'a', 'v1')) !== undefined)
    createCache(sharedRevisions(revisions)).drop('r', 'a')
    assert.equal(reading.get(contentPlace('r', 'a', 'v1')), undefined)
  })

  it('returns nothing without a lease, and nothing that was read at another revision of the database', () => {
    let leased: number | undefined = 1
    const cache = createCache(leasedRevisions({ leasedContentRevision: () => leased }))
    assert.equal(cache.hasTags, false)
    add(cache, contentPlace('r', 'a', 'sha256:1'), manifest(1))
    assert.ok(cache.get(contentPlace('r', 'a', 'sha256:1')) !== undefined)
    leased = undefined
    assert.equal(cache.get(contentPlace('r', 'a', 'sha256:1')), undefined)
    add(cache, contentPlace('r', 'a', 'sha256:2'), manifest(1))
    leased = 1
    assert.ok(cache.get(contentPlace('r', 'a', 'sha256:1')) !== undefined)
    assert.equal(cache.get(contentPlace('r', 'a', 'sha256:2')), undefined)
    leased = 2
    assert.equal(cache.get(contentPlace('r', 'a', 'sha256:1')), undefined)
  })

  it('evicts the least recently used when it is full, and does not count replaced or dropped manifests', () => {
    const cache = createCache()
    const mebibyte = 1024 * 1024
    for (let round = 0; round < 200; round += 1) {
      add(cache, contentPlace('r', 'same', 'v1'), manifest(mebibyte))
      add(cache, contentPlace('r', 'passing', `v${round}`), manifest(mebibyte))
      cache.drop('r', 'passing')
    }
    assert.ok(cache.get(contentPlace('r', 'same', 'v1')) !== undefined)
    for (let index = 0; index < 100; index += 1) add(cache, contentPlace('r', `n${index}`, 'v1'), manifest(mebibyte))
    const left = Array.from(
      { length: 100 },
      (_, index) => cache.get(contentPlace('r', `n${index}`, 'v1')) !== undefined,
    )
    assert.equal(cache.get(contentPlace('r', 'same', 'v1')), undefined)
    assert.equal(left.filter(Boolean).length, 63)
    assert.equal(left[99], true)
    assert.equal(left[0], false)
  })
})
