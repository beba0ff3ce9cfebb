import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Digest } from '../../standards/oci/digest.ts'
import { type KeptManifest, ManifestCache } from './manifest-cache.ts'

const manifest = (sizeBytes: number): KeptManifest => ({
  digest: 'sha256:x' as Digest,
  media_type: 'a/b',
  size_bytes: sizeBytes,
  read_enabled: 1,
  repository_read_enabled: 1,
  tag_read_enabled: 1,
  predecessor_deletion: null,
  quarantined_at_ms: null,
  text: 'x'.repeat(sizeBytes),
})

describe('the memory of manifests', () => {
  it('gives what was kept, for its registry, repository and reference alone', () => {
    const cache = new ManifestCache()
    const kept = manifest(10)
    cache.keep(cache.generation, 'r1', 'a/b', 'v1', kept)
    assert.equal(cache.find('r1', 'a/b', 'v1'), kept)
    for (const [rid, repository, reference] of [
      ['r2', 'a/b', 'v1'],
      ['r1', 'a', 'v1'],
      ['r1', 'a/b', 'v2'],
      ['r1/a', 'b', 'v2'],
    ] as const) {
      assert.equal(cache.find(rid, repository, reference), undefined)
    }
  })

  it('forgets a repository whole, and leaves the others', () => {
    const cache = new ManifestCache()
    for (const repository of ['a', 'b']) {
      for (const reference of ['v1', 'v2']) cache.keep(cache.generation, 'r', repository, reference, manifest(1))
    }
    cache.forget('r', 'a')
    assert.equal(cache.find('r', 'a', 'v1'), undefined)
    assert.equal(cache.find('r', 'a', 'v2'), undefined)
    assert.ok(cache.find('r', 'b', 'v1') !== undefined)
  })

  it('does not keep what was read before something was forgotten', () => {
    const cache = new ManifestCache()
    const { generation } = cache
    cache.forget('r', 'a')
    cache.keep(generation, 'r', 'a', 'v1', manifest(1))
    assert.equal(cache.find('r', 'a', 'v1'), undefined)
  })

  it('drops the oldest when it is full, and counts what is replaced or forgotten no more', () => {
    const cache = new ManifestCache()
    const mebibyte = 1024 * 1024
    for (let round = 0; round < 200; round += 1) {
      cache.keep(cache.generation, 'r', 'same', 'v1', manifest(mebibyte))
      cache.keep(cache.generation, 'r', 'passing', `v${round}`, manifest(mebibyte))
      cache.forget('r', 'passing')
    }
    assert.ok(cache.find('r', 'same', 'v1') !== undefined)
    for (let index = 0; index < 100; index += 1)
      cache.keep(cache.generation, 'r', `n${index}`, 'v1', manifest(mebibyte))
    const left = Array.from({ length: 100 }, (_, index) => cache.find('r', `n${index}`, 'v1') !== undefined)
    assert.equal(cache.find('r', 'same', 'v1'), undefined)
    assert.equal(left.filter(Boolean).length, 63)
    assert.equal(left[99], true)
    assert.equal(left[0], false)
  })
})
