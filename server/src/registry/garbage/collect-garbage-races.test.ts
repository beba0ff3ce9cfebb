import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { withoutCaller } from '../../platform/process/authorized-work.ts'
import { type DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import type { BlobStore } from '../../storage/index.ts'
import { blobDigest, changing, pushBlob, pushManifest, useBlobServer } from '../../../testing/registry/test-blobs.ts'

const hourMs = 3_600_000

/** The number of repetitions of a race. To repeat a race more often, set `ACRUX_TEST_RACES=100`. */
const races = Number(process.env['ACRUX_TEST_RACES'] ?? 6)

for (const kind of testDatabaseKinds)
  describe(`garbage collection during other changes on ${kind}`, () => testRaces(kind))

function testRaces(kind: DatabaseKind): void {
  const used = useBlobServer(kind, { settings: { fileScanIntervalMs: 0 }, isFresh: true })

  it('a collection during the push of a manifest keeps the blobs of the manifest, or the manifest is rejected', async () => {
    const { server, clock } = used
    for (let round = 0; round < races; round += 1) {
      const layer = `layer ${round}`
      await pushBlob(server, 'app', layer)
      clock.nowMs += 25 * hourMs
      const [answer] = await Promise.all([pushManifest(server, 'app', `t${round}`, [layer]), server.collectGarbage()])
      const got = await server.send('GET', `/v2/app/blobs/${blobDigest(layer)}`)
      assert.deepEqual([answer.status, got.status], answer.status === 201 ? [201, 200] : [400, 404])
    }
  })

  it('a collection during a HEAD keeps a blob that the HEAD finds', async () => {
    const { server, clock } = used
    for (let round = 0; round < races; round += 1) {
      const layer = `layer ${round}`
      await pushBlob(server, 'app', layer)
      clock.nowMs += 25 * hourMs
      const path = `/v2/app/blobs/${blobDigest(layer)}`
      const [head] = await Promise.all([server.send('HEAD', path), server.collectGarbage()])
      assert.equal((await server.send('GET', path)).status, head.status)
    }
  })

  it('a blob that is collected while the permission on its source is checked is not mounted', async () => {
    const { server, clock } = used
    const digest = await pushBlob(server, 'source', 'layer')
    clock.nowMs += 25 * hourMs
    server.gate.mayPull = async () => (await withoutCaller(() => server.collectGarbage())).blobs === 1
    const answer = await server.send('POST', `/v2/app/blobs/uploads/?mount=${digest}`)
    assert.equal(answer.status, 202)
    assert.equal((await server.send('GET', `/v2/app/blobs/${digest}`)).status, 404)
  })

  it('a blob that is pushed again while a collection deletes it exists afterwards', async () => {
    const { blobs, clock, restart } = used
    await pushBlob(used.server, 'source', 'layer')
    clock.nowMs += 25 * hourMs
    let finds = 0
    const find: BlobStore['find'] = async (location) => {
      const found = await blobs.find(location)
      // The collection itself also calls `find`.
      if ((finds += 1) === 1) await withoutCaller(() => used.server.collectGarbage())
      return found
    }
    await restart(changing(blobs, { find }))
    const digest = await pushBlob(used.server, 'app', 'layer')
    assert.equal((await used.server.send('GET', `/v2/app/blobs/${digest}`)).body.toString(), 'layer')
    assert.equal((await used.server.send('GET', `/v2/source/blobs/${digest}`)).status, 404)
  })

  it('blobs that are found, mounted or pushed during a large collection exist afterwards', async () => {
    const { server, clock, restart, blobs } = used
    const contents = Array.from({ length: 160 }, (_, index) => `blob ${index}`)
    for (let start = 0; start < contents.length; start += 20) {
      await Promise.all(contents.slice(start, start + 20).map((content) => pushBlob(server, 'app', content)))
    }
    clock.nowMs += 25 * hourMs
    let deletions = 0
    const asked: Promise<readonly [path: string, isPromised: boolean]>[] = []
    const ask = (content: string, index: number) => {
      const digest = blobDigest(content)
      const repository = ['app', 'mounted', 'pushed'][index % 3] ?? ''
      const path = `/v2/${repository}/blobs/${digest}`
      const query = repository === 'mounted' ? `mount=${digest}&from=app` : `digest=${digest}`
      const answer =
        repository === 'app'
          ? used.server.send('HEAD', path)
          : used.server.send('POST', `/v2/${repository}/blobs/uploads/?${query}`, { body: content })
      return answer.then(({ status }) => [path, status === 200 || status === 201] as const)
    }
    // The collection has already read the blobs, and deletes them in several transactions. When it deletes the first file, the other
    // requests begin.
    await restart(
      changing(blobs, {
        delete: async (location) => {
          if ((deletions += 1) === 1) asked.push(...contents.map(ask))
          await new Promise((resolve) => setTimeout(resolve, 2))
          await blobs.delete(location)
        },
      }),
    )
    await used.server.collectGarbage()
    assert.equal(asked.length, contents.length)
    const outcomes = await Promise.all(asked)
    for (const [path, isPromised] of outcomes) {
      assert.equal((await used.server.send('GET', path)).status, isPromised ? 200 : 404, path)
    }
    const promised = outcomes.filter(([, isPromised]) => isPromised).length
    assert.ok(promised > contents.length / 3 && promised < contents.length, String(promised))
  })

  it('a collection during pushes and mounts of the same bytes keeps all acknowledged bytes', async () => {
    const { server, clock } = used
    for (let round = 0; round < races; round += 1) {
      const content = randomBytes(100)
      const digest = await pushBlob(server, 'source', content)
      clock.nowMs += 25 * hourMs
      const mount = server.send('POST', `/v2/mounted/blobs/uploads/?mount=${digest}&from=source`)
      const [answer] = await Promise.all([mount, pushBlob(server, 'pushed', content), server.collectGarbage()])
      const pushed = await server.send('GET', `/v2/pushed/blobs/${digest}`)
      assert.equal(pushed.status, 200)
      assert.equal(Buffer.compare(pushed.body, content), 0)
      const mounted = await server.send('GET', `/v2/mounted/blobs/${digest}`)
      assert.equal(mounted.status, answer.status === 201 ? 200 : 404)
    }
  })
}
