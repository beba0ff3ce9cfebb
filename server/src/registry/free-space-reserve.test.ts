import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContentSpace } from '../platform/files/free-space.ts'
import { ociImageManifestType } from '@acrux/shared/standards/oci/media-type.ts'
import { digestOf, imageManifest, openTestRegistry } from '../../testing/registry/test-registry.ts'
import { usualDatabaseKind } from '../../testing/platform/test-database.ts'

test('no push uses the free-space reserve, and deletions still succeed', async (t) => {
  const disk = { isLow: false }
  const space: ContentSpace = {
    state: () => ({ totalBytes: 0, freeBytes: 0, reserveBytes: 0, isLow: disk.isLow }),
    hasRoomFor: () => !disk.isLow,
    take: () => !disk.isLow,
    isExhausted: () => disk.isLow,
  }
  const test = await openTestRegistry(usualDatabaseKind, { space, softDelete: 'enabled' })
  t.after(async () => {
    await test.registry.close()
    await test.dispose()
  })
  const pushed = async (tag: string, layer: string): Promise<string> => {
    const manifest = imageManifest('{}', [layer])
    for (const content of ['{}', layer]) await test.pushBlob('app', content)
    assert.equal((await test.putManifest('app', tag, manifest)).status, 201)
    return JSON.stringify(manifest)
  }
  const body = await pushed('1', 'a layer')
  const kept = digestOf(body)
  const gone = digestOf(await pushed('2', 'another layer'))
  const layer = digestOf('a layer')
  assert.equal((await test.send('DELETE', `/v2/app/manifests/${gone}`)).status, 202)
  const push = { body, headers: { 'content-type': ociImageManifestType } }
  const restore = { body: JSON.stringify({ tag: null }), headers: { 'content-type': 'application/json' } }
  const requests = [
    ['POST', `/v2/other/blobs/uploads/?mount=${layer}&from=app`, {}],
    ['POST', `/v2/other/blobs/uploads/?mount=${layer}`, {}],
    ['PUT', '/v2/app/manifests/3', push],
    ['PUT', `/v2/app/manifests/${kept}?tag=4&tag=5`, push],
    ['POST', `/acr/v1/_deleted/app/_manifests/${gone}`, restore],
  ] as const
  disk.isLow = true
  for (const [method, path, sent] of requests) {
    assert.equal((await test.send(method, path, sent)).status, 507, `${method} ${path}`)
  }
  assert.equal((await test.send('GET', '/v2/app/manifests/1')).status, 200)
  assert.equal((await test.send('DELETE', '/v2/app/manifests/1')).status, 202)
  disk.isLow = false
  for (const [method, path, sent] of requests) {
    assert.ok((await test.send(method, path, sent)).status < 300, `${method} ${path}`)
  }
})
