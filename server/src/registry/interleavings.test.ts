import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import * as fc from 'fast-check'
import { openTestDatabase, type TestDatabase, testDatabaseKinds } from '../../testing/platform/test-database.ts'
import {
  beginUpload,
  blobDigest,
  type BlobTestServer,
  blobTestMigrations,
  countFiles,
  countRows,
  imageManifest,
  openBlobServer,
  openTestStore,
  pushManifest,
  testClock,
  type TestStore,
} from '../../testing/registry/test-blobs.ts'

/*
 * Clients push, mount, look, delete and let things lie in any order and at once, while garbage is collected. Whatever they
 * were told must hold: a manifest that was taken can be pulled whole, and a blob that was said to be there can be named
 * by a manifest as long as half a grace period lasts.
 */

const hourMs = 3_600_000
const repositories = ['a', 'a/b', 'c']
const contents = ['zero', 'one', 'two', 'three']

type Step =
  | {
      readonly kind: 'push' | 'push-in-chunks' | 'head' | 'delete-blob'
      readonly repository: string
      readonly content: string
    }
  | { readonly kind: 'mount'; readonly repository: string; readonly content: string; readonly from: string }
  | {
      readonly kind: 'put-manifest' | 'delete-manifest'
      readonly repository: string
      readonly layers: readonly string[]
    }
  | { readonly kind: 'delete-repository'; readonly repository: string }
  | { readonly kind: 'collect' }

const repository = fc.constantFrom(...repositories)
const content = fc.constantFrom(...contents)
const layers = fc.subarray(contents, { minLength: 1, maxLength: 3 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('push', 'push-in-chunks', 'head'), repository, content }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-blob'), repository, content }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('mount'), repository, content, from: repository }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('put-manifest'), repository, layers }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete-manifest'), repository, layers }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-repository'), repository }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('collect') }) },
) as fc.Arbitrary<Step>

/** Steps that run concurrently, after some hours and sometimes after a restart. */
const turn = fc.record({
  hours: fc.constantFrom(0, 0, 1, 11, 13, 25),
  restarts: fc.boolean(),
  steps: fc.array(step, { minLength: 1, maxLength: 7 }),
})
type Turn = typeof turn extends fc.Arbitrary<infer Value> ? Value : never

for (const kind of testDatabaseKinds) {
  describe(`concurrent pushes, deletions and collections on ${kind}`, () => {
    const clock = testClock()
    let opened: TestDatabase
    let store: TestStore
    let server: BlobTestServer

    before(async () => {
      opened = await openTestDatabase(kind, blobTestMigrations)
      store = await openTestStore(clock)
      server = await start()
    })
    after(async () => {
      await server.close()
      await opened.dispose()
      await store.dispose()
    })
    const start = () =>
      openBlobServer({
        database: opened.database,
        blobs: store.blobs,
        clock,
        settings: { fileScanIntervalMs: 0 },
      })

    it('keep all acknowledged content, in any order, and leave no unneeded content behind', async () => {
      const property = fc.asyncProperty(fc.array(turn, { minLength: 2, maxLength: 8 }), async (turns) => {
        const promises = new Promises()
        for (const { hours, restarts, steps } of turns) {
          clock.nowMs += hours * hourMs
          if (restarts) {
            await server.close()
            server = await start()
          }
          server.gate.deletionsSeen = Infinity
          await takeTurn(server, promises, clock.nowMs, steps)
          await promises.check(server)
        }
        await cleanUp(server, clock)
        assert.deepEqual(await countRows(opened.database), { blobs: 0, held: 0, uploads: 0 })
        assert.deepEqual(await countFiles(store.blobs), { blobs: 0, staged: 0 })
      })
      await fc.assert(property, { numRuns: kind === 'sqlite' ? 30 : 15, endOnFailure: true })
    })
  })
}

/** The content that the server has acknowledged and must keep. */
class Promises {
  /** The accepted manifests, in the form `repository layer…`. */
  manifests = new Set<string>()
  /** The time until which the server must keep a blob, by `repository content`. */
  blobs = new Map<string, number>()

  /** Checks that the server has kept all acknowledged content. */
  async check(server: BlobTestServer): Promise<void> {
    for (const manifest of this.manifests) {
      const [repository = '', ...layers] = manifest.split(' ')
      const digest = blobDigest(imageManifest(layers))
      assert.equal((await server.send('GET', `/v2/${repository}/manifests/${digest}`)).status, 200, manifest)
      for (const layer of layers) {
        const answer = await server.send('GET', `/v2/${repository}/blobs/${blobDigest(layer)}`)
        assert.deepEqual([answer.status, answer.body.toString()], [200, layer], manifest)
      }
    }
  }

  /** Whether the server must accept a manifest of these layers now. */
  covers(repository: string, layers: readonly string[], nowMs: number): boolean {
    return layers.every((layer) => (this.blobs.get(`${repository} ${layer}`) ?? 0) > nowMs)
  }

  forgetRepository(repository: string): void {
    for (const key of this.manifests) if (key.startsWith(`${repository} `)) this.manifests.delete(key)
    for (const key of this.blobs.keys()) if (key.startsWith(`${repository} `)) this.blobs.delete(key)
  }
}

async function takeTurn(
  server: BlobTestServer,
  promises: Promises,
  nowMs: number,
  steps: readonly Turn['steps'][number][],
): Promise<void> {
  // If one step deletes content, another concurrent step cannot rely on this content.
  for (const step of steps) forgetDeleted(promises, step)
  const covered = steps.map(
    (step) => step.kind === 'put-manifest' && promises.covers(step.repository, step.layers, nowMs),
  )
  const answers = await Promise.all(steps.map((step) => take(server, step)))
  for (const [index, step] of steps.entries()) {
    const status = answers[index] ?? 0
    assert.ok(status < 500, `${step.kind} was answered with ${status}`)
    if (covered[index] === true && !deletesIn(steps, step)) assert.equal(status, 201, JSON.stringify(step))
    remember(promises, step, status, nowMs)
  }
  for (const step of steps) forgetDeleted(promises, step)
}

async function take(server: BlobTestServer, step: Step): Promise<number> {
  switch (step.kind) {
    case 'push': {
      const path = `/v2/${step.repository}/blobs/uploads/?digest=${blobDigest(step.content)}`
      return (await server.send('POST', path, { body: step.content })).status
    }
    case 'push-in-chunks': {
      const location = await beginUpload(server, step.repository)
      const patched = await server.send('PATCH', location, { body: step.content.slice(0, 2) })
      // A concurrent step may delete the repository, and the upload with it.
      if (patched.status !== 202) return patched.status
      const query = `&digest=${blobDigest(step.content)}`
      return (await server.send('PUT', location + query, { body: step.content.slice(2) })).status
    }
    case 'head':
      return (await server.send('HEAD', blobPath(step))).status
    case 'delete-blob':
      return (await server.send('DELETE', blobPath(step))).status
    case 'mount': {
      const query = `?mount=${blobDigest(step.content)}&from=${step.from}`
      const answer = await server.send('POST', `/v2/${step.repository}/blobs/uploads/${query}`)
      if (answer.status === 202) await server.send('DELETE', String(answer.headers.location))
      return answer.status
    }
    case 'put-manifest':
      return (await pushManifest(server, step.repository, 'latest', step.layers)).status
    case 'delete-manifest': {
      const digest = blobDigest(imageManifest(step.layers))
      return (await server.send('DELETE', `/v2/${step.repository}/manifests/${digest}`)).status
    }
    case 'delete-repository':
      return (await server.send('DELETE', `/acr/v1/${encodeURIComponent(step.repository)}`)).status
    case 'collect':
      await server.collectGarbage()
      return 200
  }
}

function remember(promises: Promises, step: Step, status: number, nowMs: number): void {
  if (step.kind === 'put-manifest' && status === 201)
    promises.manifests.add([step.repository, ...step.layers].join(' '))
  const isTold = status === 201 || (step.kind === 'head' && status === 200)
  if ('content' in step && isTold) promises.blobs.set(`${step.repository} ${step.content}`, nowMs + 12 * hourMs)
}

function forgetDeleted(promises: Promises, step: Step): void {
  if (step.kind === 'delete-repository') promises.forgetRepository(step.repository)
  if (step.kind === 'delete-blob') promises.blobs.delete(`${step.repository} ${step.content}`)
  if (step.kind === 'delete-manifest') promises.manifests.delete([step.repository, ...step.layers].join(' '))
}

/** Whether a concurrent step may delete content that another step needs. */
function deletesIn(steps: readonly Step[], needy: Step): boolean {
  return steps.some(
    (step) =>
      (step.kind === 'delete-repository' || step.kind === 'delete-blob') &&
      'repository' in needy &&
      step.repository === needy.repository,
  )
}

/** Deletes all content and waits until every grace period has expired. */
async function cleanUp(server: BlobTestServer, clock: { nowMs: number }): Promise<void> {
  for (const repository of repositories) await server.send('DELETE', `/acr/v1/${encodeURIComponent(repository)}`)
  clock.nowMs += 25 * hourMs
  await server.collectGarbage()
}

function blobPath({ repository, content }: { readonly repository: string; readonly content: string }): string {
  return `/v2/${repository}/blobs/${blobDigest(content)}`
}
