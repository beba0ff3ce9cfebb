import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeletedManifest, DeletedTag } from '../../api/content-types.ts'
import { restorableOf } from './restorable.ts'

test('each deleted tag is a row, and each deleted manifest without one, the last deleted first', () => {
  const manifests = [
    { digest: 'sha256:a', imageSize: 10, deletedAt: '2026-11-24T01:00:00Z' },
    { digest: 'sha256:b', imageSize: 20, deletedAt: '2026-11-24T03:00:00Z' },
  ] as unknown as readonly DeletedManifest[]
  const tags = [
    { tag: '1', digest: 'sha256:a', deletedAt: '2026-11-24T02:00:00Z' },
    { tag: '2', digest: 'sha256:kept', deletedAt: '2026-11-24T00:00:00Z' },
  ] as unknown as readonly DeletedTag[]
  const rows = restorableOf(manifests, tags).map(({ tag, digest, sizeBytes }) => [tag, digest, sizeBytes])
  assert.deepEqual(rows, [
    [undefined, 'sha256:b', 20],
    ['1', 'sha256:a', 10],
    ['2', 'sha256:kept', undefined],
  ])
})
