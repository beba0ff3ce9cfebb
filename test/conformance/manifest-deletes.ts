import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, listAt } from '../harness/json.ts'
import type { Caller } from './caller.ts'
import { type Document, documentOf, mediaTypes } from './content.ts'
import { expect, expectError, expectManifest, pushManifest, pushParts } from './exchange.ts'

async function pushImageOf(caller: Caller, repository: string, ...tags: string[]): Promise<Document> {
  const image = documentOf({ mediaType: mediaTypes.manifest, ...(await pushParts(caller, repository)) })
  await pushManifest(caller, repository, image)
  for (const tag of tags) await pushManifest(caller, repository, image, tag)
  return image
}

async function tagsOf(caller: Caller, repository: string): Promise<readonly unknown[]> {
  return listAt(expect(await caller.send({ path: `/v2/${repository}/tags/list` }), 200).json(), 'tags')
}

function remove(caller: Caller, repository: string, reference: string) {
  return caller.send({ method: 'DELETE', path: `/v2/${repository}/manifests/${reference}` })
}

async function expectGone(caller: Caller, repository: string, reference: string): Promise<void> {
  const path = `/v2/${repository}/manifests/${reference}`
  expect(await caller.send({ method: 'HEAD', path }), 404)
  expectError(await caller.send({ path }), 404)
}

/** The tests of [OCI distribution-spec, Deleting tags, Deleting Manifests] for one caller. */
export function testManifestDeletes(caller: Caller): void {
  test('a manifest that is deleted takes its tags along, at once [Deleting Manifests]', async () => {
    const repository = caller.repository('manifest-deletes')
    const kept = await pushImageOf(caller, repository, 'kept')
    const image = await pushImageOf(caller, repository, 'one', 'two')
    expect(await remove(caller, repository, image.digest), 202)
    for (const reference of [image.digest, 'one', 'two']) await expectGone(caller, repository, reference)
    assert.deepEqual(await tagsOf(caller, repository), ['kept'])
    await expectManifest(caller, repository, 'kept', kept)
    expectError(await remove(caller, repository, image.digest), 404, 'MANIFEST_UNKNOWN')
    await pushManifest(caller, repository, image, 'one')
    assert.deepEqual(await tagsOf(caller, repository), ['kept', 'one'])
  })

  test('a tag that is deleted goes alone, at once, unless tags cannot be deleted [Deleting tags]', async () => {
    const repository = caller.repository('tag-deletes')
    const image = await pushImageOf(caller, repository, 'one', 'two')
    const removed = await remove(caller, repository, 'one')
    if (removed.status === 202) {
      await expectGone(caller, repository, 'one')
      assert.deepEqual(await tagsOf(caller, repository), ['two'])
      expectError(await remove(caller, repository, 'one'), 404)
    } else expectError(removed, [400, 405], 'UNSUPPORTED')
    await expectManifest(caller, repository, 'two', image)
    await expectManifest(caller, repository, image.digest, image)
  })

  test('an index is deleted without its children, and a child without its index', async () => {
    const repository = caller.repository('index-deletes')
    const child = await pushImageOf(caller, repository)
    const index = documentOf({ mediaType: mediaTypes.index, manifests: [child.descriptor] })
    await pushManifest(caller, repository, index, 'index')
    expect(await remove(caller, repository, index.digest), 202)
    await expectGone(caller, repository, 'index')
    await expectManifest(caller, repository, child.digest, child)

    await pushManifest(caller, repository, index, 'index')
    expect(await remove(caller, repository, child.digest), 202)
    await expectGone(caller, repository, child.digest)
    await expectManifest(caller, repository, 'index', index)
  })

  test('a blob that a manifest names is deleted, or kept whole', async () => {
    const repository = caller.repository('named-blobs')
    const parts = await pushParts(caller, repository)
    await pushManifest(caller, repository, documentOf({ mediaType: mediaTypes.manifest, ...parts }), 'named')
    const path = `/v2/${repository}/blobs/${String(at(parts.config, 'digest'))}`
    const removed = expect(await caller.send({ method: 'DELETE', path }), 202, 405)
    expect(await caller.send({ method: 'HEAD', path }), removed.status === 202 ? 404 : 200)
  })

  test('what cannot be deleted for want of a repository is unknown', async () => {
    const repository = caller.repository('never')
    expectError(await remove(caller, repository, 'latest'), 404)
    expectError(await remove(caller, repository, `sha256:${'0'.repeat(64)}`), 404)
    expectError(await caller.send({ method: 'DELETE', path: `/v2/${repository}/blobs/sha256:${'0'.repeat(64)}` }), 404)
  })
}
