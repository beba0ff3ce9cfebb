import assert from 'node:assert/strict'
import type { HttpResponse } from '../harness/http.ts'
import type { Client } from './client.ts'
import {
  contentOf,
  imageManifest,
  indexManifest,
  largestBlob,
  numberedBlob,
  type ManifestContent,
  type NumberedBlob,
} from './content.ts'
import type { Acknowledged, Ledger, OpenUpload } from './ledger.ts'
import type { Random } from './random.ts'

/** The repositories that all pushers share, so that their pushes conflict. */
export const repositories = ['team/app', 'team/base', 'tools'] as const

/** The ways in which a blob gets into a repository. */
const ways = ['monolithic', 'two steps', 'chunked', 'mount', 'skip if there'] as const

/** What a pusher reports, so that a test can kill the server at that moment. */
export type PusherEvent =
  'manifest asked' | 'manifest acknowledged' | 'blob asked' | 'blob acknowledged' | 'chunk asked'

/** What a pusher works with. */
export interface PusherOptions {
  readonly name: string
  readonly client: Client
  readonly ledger: Ledger
  readonly random: Random
  readonly onEvent: (event: PusherEvent) => void
}

function expectStatus(response: HttpResponse, ...expected: number[]): HttpResponse {
  assert.ok(expected.includes(response.status), `status ${response.status}: ${response.text().slice(0, 500)}`)
  return response
}

function isOver(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

/** Pushes images, indexes and referrers in every way there is, one after another, until a request fails. */
export class Pusher {
  readonly #options: PusherOptions
  #pushed = 0

  constructor(options: PusherOptions) {
    this.#options = options
  }

  /**
   * Throws the error of the first request that failed, or `AssertionError` for an unexpected response. Ends only by
   * a signal.
   */
  async run(over?: AbortSignal): Promise<void> {
    while (!isOver(over)) await this.#push()
  }

  async #push(): Promise<void> {
    const { random, ledger, name } = this.#options
    this.#pushed += 1
    const repository = random.pick(repositories)
    const tag = random.chance(0.3) ? `latest-${name.split('-')[0]}` : `${name}-${this.#pushed}`
    if (random.chance(0.2)) {
      const members = [await this.#image(repository), await this.#image(repository)]
      for (const manifest of members) await this.#putManifest({ repository, tag: undefined, manifest })
      await this.#putManifest({ repository, tag, manifest: indexManifest(members) })
      return
    }
    const before = ledger.pushes.at(-1)
    const isReferrer = random.chance(0.15) && before?.repository === repository
    const manifest = await this.#image(repository, isReferrer ? before.manifest : undefined)
    await this.#putManifest({ repository, tag: isReferrer ? undefined : tag, manifest })
  }

  async #image(repository: string, subject?: ManifestContent): Promise<ManifestContent> {
    const { random } = this.#options
    const config = this.#someBlob(2_000)
    const layers = Array.from({ length: random.integer(1, 3) }, () =>
      this.#someBlob(random.chance(0.1) ? largestBlob : 60_000),
    )
    for (const blob of [config, ...layers]) await this.#bring(repository, blob)
    const descriptor = subject && {
      mediaType: subject.mediaType,
      digest: subject.digest,
      size: subject.bytes.length,
    }
    return imageManifest(config, layers, descriptor)
  }

  /** A new blob, one of a few that all pushers push at the same time, or one that already exists. */
  #someBlob(largest: number): NumberedBlob {
    const { random, ledger } = this.#options
    if (random.chance(0.15)) return numberedBlob(random.integer(0, 9), 10_000)
    const known = ledger.blobs[random.integer(0, Math.max(0, ledger.blobs.length - 1))]
    if (known !== undefined && random.chance(0.3)) return known.blob
    return numberedBlob(random.integer(1_000, 2 ** 31), random.integer(20, largest))
  }

  async #bring(repository: string, blob: NumberedBlob): Promise<void> {
    const { client, ledger, random, onEvent } = this.#options
    const way = random.pick(ways)
    if (way === 'skip if there') {
      const head = await client.send({ method: 'HEAD', to: `/v2/${repository}/blobs/${blob.digest}` })
      if (expectStatus(head, 200, 404).status === 200) {
        assert.equal(head.headers['content-length'], String(blob.size))
        return
      }
    }
    const uploads = `/v2/${repository}/blobs/uploads/`
    if (way === 'monolithic') {
      onEvent('blob asked')
      const headers = { 'content-type': 'application/octet-stream' }
      const body = contentOf(blob.number, blob.size)
      expectStatus(await client.send({ method: 'POST', to: `${uploads}?digest=${blob.digest}`, headers, body }), 201)
    } else {
      const from = way === 'mount' ? `?mount=${blob.digest}&from=${random.pick(repositories)}` : ''
      const begun = expectStatus(await client.send({ method: 'POST', to: `${uploads}${from}` }), 201, 202)
      assert.ok(from !== '' || begun.status === 202)
      if (begun.status === 202) await this.#upload(repository, blob, begun, way === 'chunked')
    }
    ledger.blobs.push({ repository, blob })
    onEvent('blob acknowledged')
  }

  async #upload(repository: string, blob: NumberedBlob, begun: HttpResponse, inChunks: boolean): Promise<void> {
    const { client, ledger, random } = this.#options
    const url = new URL(begun.headers.location ?? '', 'https://localhost')
    const upload: OpenUpload = { repository, blob, url, sentBytes: 0 }
    ledger.uploads.add(upload)
    const content = contentOf(blob.number, blob.size)
    const chunks = inChunks ? random.integer(1, 4) : 0
    let offset = 0
    for (let left = chunks; left > 0; left -= 1) {
      const end = left === 1 && random.chance(0.5) ? blob.size : offset + Math.floor((blob.size - offset) / left)
      if (end === offset) continue
      this.#options.onEvent('chunk asked')
      await sendChunk(client, upload, content, { offset, end })
      offset = end
    }
    this.#options.onEvent('blob asked')
    await finishUpload(client, upload, content, offset)
    ledger.uploads.delete(upload)
  }

  async #putManifest(push: Acknowledged): Promise<void> {
    const { client, ledger, onEvent } = this.#options
    const { repository, tag, manifest } = push
    ledger.ask(push)
    const sent = client.send({
      method: 'PUT',
      to: `/v2/${repository}/manifests/${tag ?? manifest.digest}`,
      headers: { 'content-type': manifest.mediaType },
      body: manifest.bytes,
    })
    onEvent('manifest asked')
    const answer = expectStatus(await sent, 201)
    assert.equal(answer.headers['docker-content-digest'], manifest.digest)
    ledger.acknowledge(push)
    onEvent('manifest acknowledged')
  }
}

/** Sends the bytes from `offset` to `end` as a chunk, and stores where the upload continues. */
export async function sendChunk(
  client: Client,
  upload: OpenUpload,
  content: Buffer,
  { offset, end }: { readonly offset: number; readonly end: number },
): Promise<void> {
  upload.sentBytes = end
  const headers = { 'content-type': 'application/octet-stream', 'content-range': `${offset}-${end - 1}` }
  const to = upload.url.pathname + upload.url.search
  const answer = await client.send({ method: 'PATCH', to, headers, body: content.subarray(offset, end) })
  assert.equal(expectStatus(answer, 202).headers['range'], `0-${end - 1}`)
  upload.url = new URL(answer.headers.location ?? '', upload.url)
}

/** Ends an upload with the bytes from `offset` on; there may be none left. */
export async function finishUpload(client: Client, upload: OpenUpload, content: Buffer, offset: number): Promise<void> {
  const url = new URL(upload.url)
  url.searchParams.set('digest', upload.blob.digest)
  upload.sentBytes = content.length
  const headers = { 'content-type': 'application/octet-stream' }
  const body = content.subarray(offset)
  const answer = await client.send({ method: 'PUT', to: url.pathname + url.search, headers, body })
  assert.equal(expectStatus(answer, 201).headers['docker-content-digest'], upload.blob.digest)
}
