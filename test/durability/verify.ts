import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { digestOf } from '../harness/registry.ts'
import { listAt } from '../harness/json.ts'
import type { Client } from './client.ts'
import { contentOf, type ManifestContent } from './content.ts'
import type { Acknowledged, Ledger, OpenUpload } from './ledger.ts'
import { finishUpload, sendChunk } from './pusher.ts'
import type { Random } from './random.ts'

/** The outcome of an interrupted upload. */
type UploadEnd = 'resumed' | 'cancelled' | 'gone'

/** Repeats a request that fails with 409 for some seconds, because another server may still release the upload. */
async function untilUnclaimed<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 20; ; tries -= 1) {
    try {
      return await work()
    } catch (error) {
      if (tries === 0 || !(error instanceof Error && /\b409\b/.test(error.message))) throw error
      await sleep(500)
    }
  }
}

/** Checks a registry as a client that trusts nothing, and reads each blob once. */
export class Verifier {
  readonly #client: Client
  readonly #ledger: Ledger
  readonly #whole = new Set<string>()

  constructor(client: Client, ledger: Ledger) {
    this.#client = client
    this.#ledger = ledger
  }

  /**
   * Asserts that everything that was acknowledged since the ledger had this length is complete. Determines the value
   * of tags whose change was not answered, and continues or abandons the open uploads.
   */
  async since(
    before: { readonly pushes: number; readonly blobs: number },
    random: Random,
  ): Promise<{ readonly unanswered: number; readonly uploads: readonly UploadEnd[] }> {
    const unsettled = this.#ledger.unsettledTags()
    await Promise.all([
      ...unsettled.map(({ repository, tag }) => this.tag(repository, tag)),
      ...this.#ledger.pushes.slice(before.pushes).map((push) => this.push(push)),
      ...this.#ledger.blobs.slice(before.blobs).map(async ({ repository, blob }) => {
        assert.equal(await this.blob(repository, blob.digest), true, `${blob.digest} was acknowledged`)
      }),
    ])
    const open = [...this.#ledger.uploads]
    this.#ledger.uploads.clear()
    const uploads: UploadEnd[] = []
    for (const upload of open) uploads.push(await untilUnclaimed(() => this.upload(upload, random)))
    return { unanswered: unsettled.length, uploads }
  }

  /**
   * Asserts that an acknowledged push is complete: the manifest by tag and by digest, and everything that it names.
   *
   */
  async push({ repository, tag, manifest }: Acknowledged): Promise<void> {
    if (tag !== undefined) await this.tag(repository, tag)
    await this.#manifest(repository, manifest)
  }

  /**
   * Asserts that a tag has one of the requested values and is complete, or is absent if that is possible. Notes what
   * it is.
   */
  async tag(repository: string, tag: string): Promise<void> {
    const possible = this.#ledger.possibleDigests(repository, tag)
    const answer = await this.#client.send({ method: 'GET', to: `/v2/${repository}/manifests/${tag}` })
    assert.ok(answer.status === 200 || answer.status === 404, `${repository}:${tag}: status ${answer.status}`)
    const digest = answer.status === 200 ? digestOf(answer.body) : undefined
    assert.ok(possible.includes(digest), `${repository}:${tag} is ${digest}, and may be one of ${possible.join(', ')}`)
    if (digest !== undefined) {
      assert.equal(answer.headers['docker-content-digest'], digest)
      const manifest = this.#ledger.manifestOf(digest)
      assert.ok(manifest !== undefined)
      await this.#manifest(repository, manifest)
    }
    this.#ledger.settle(repository, tag, digest)
  }

  async #manifest(repository: string, manifest: ManifestContent): Promise<void> {
    const key = `${repository}@${manifest.digest}`
    if (this.#whole.has(key)) return
    const answer = await this.#client.send({ method: 'GET', to: `/v2/${repository}/manifests/${manifest.digest}` })
    assert.equal(answer.status, 200, `${key}: ${answer.text()}`)
    assert.ok(answer.body.equals(manifest.bytes), key)
    assert.equal(answer.headers['content-type'], manifest.mediaType)
    this.#whole.add(key)
    for (const digest of manifest.blobs) assert.equal(await this.blob(repository, digest), true, `${digest} of ${key}`)
    for (const digest of manifest.manifests) {
      const member = this.#ledger.manifestOf(digest)
      assert.ok(member !== undefined)
      await this.#manifest(repository, member)
    }
  }

  /** Whether a blob exists; asserts that it then has the right bytes. */
  async blob(repository: string, digest: string): Promise<boolean> {
    const key = `${repository}@${digest}`
    if (this.#whole.has(key)) return true
    const answer = await this.#client.send({ method: 'GET', to: `/v2/${repository}/blobs/${digest}` })
    if (answer.status === 404) return false
    assert.equal(answer.status, 200, `${key}: ${answer.text()}`)
    assert.equal(digestOf(answer.body), digest, `the bytes of ${key}`)
    this.#whole.add(key)
    return true
  }

  /** Asserts that everything that a repository lists was pushed, and is complete. */
  async everyTag(repository: string): Promise<number> {
    const tags: string[] = []
    let next: string | undefined = `/v2/${repository}/tags/list?n=500`
    while (next !== undefined) {
      const answer = await this.#client.send({ method: 'GET', to: next })
      // The first manifest creates a repository, and a busy machine may not come to push one.
      if (answer.status === 404 && !this.#ledger.pushes.some((push) => push.repository === repository)) return 0
      assert.equal(answer.status, 200, answer.text())
      tags.push(...listAt(answer.json(), 'tags').map(String))
      next = /<([^>]+)>; rel="next"/.exec(String(answer.headers['link'] ?? ''))?.[1]
    }
    for (const tag of tags) {
      const possible = this.#ledger.possibleDigests(repository, tag).filter((one) => one !== undefined)
      assert.ok(possible.length > 0, `${repository}:${tag} was never asked for`)
      await this.tag(repository, tag)
    }
    return tags.length
  }

  /**
   * Continues an upload that a kill interrupted, or abandons it. Asserts that it continues at the offset that the
   * server reports, or no longer exists, and that the blob is then correct or absent.
   */
  async upload(upload: OpenUpload, random: Random): Promise<UploadEnd> {
    const { repository, blob } = upload
    const to = upload.url.pathname + upload.url.search
    await this.blob(repository, blob.digest)
    const status = await this.#client.send({ method: 'GET', to })
    if (status.status === 404) return 'gone'
    assert.equal(status.status, 204, status.text())
    const last = /^0-(\d+)$/.exec(String(status.headers['range']))?.[1]
    assert.ok(last !== undefined, String(status.headers['range']))
    const offset = last === '0' ? 0 : Number(last) + 1
    assert.ok(offset <= upload.sentBytes, `${offset} bytes are there, and no more than ${upload.sentBytes} were sent`)
    if (random.chance(0.25)) {
      assert.equal((await this.#client.send({ method: 'DELETE', to })).status, 204)
      assert.equal((await this.#client.send({ method: 'GET', to })).status, 404)
      return 'cancelled'
    }
    const content = contentOf(blob.number, blob.size)
    const middle = random.integer(offset, blob.size)
    if (middle > offset) await sendChunk(this.#client, upload, content, { offset, end: middle })
    await finishUpload(this.#client, upload, content, middle)
    assert.equal(await this.blob(repository, blob.digest), true)
    return 'resumed'
  }
}
