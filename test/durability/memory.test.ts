import assert from 'node:assert/strict'
import { createHash, randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { ClientRequest } from 'node:http'
import { request, type RequestOptions } from 'node:https'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { processorSeconds } from '../harness/processor-time.ts'
import { basic, digestOf, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { request as ask } from '../harness/http.ts'
import { until } from '../harness/until.ts'
import { forgetPeak, memoryOf } from './memory-of.ts'

const mebibyte = 1024 * 1024
/** Each is more, and all are many times more, than the memory may rise by. */
const blobMebibytes = Number(process.env['ACRUX_TEST_BLOB_MIB'] ?? 256)
const blobBytes = blobMebibytes * mebibyte
const atOnce = 8
const limitBytes = 100 * mebibyte

const server = await startServer({ args: ['--log-level', 'warn'] })
after(() => server[Symbol.asyncDispose]())
const { appId, password } = server.firstRun.servicePrincipal
const authorization = basic(appId, password)
const ca = await readFile(server.caFile)
const piece = randomFillSync(Buffer.alloc(mebibyte))

/** The hash of what all blobs have in common: everything but the last piece. */
const commonHash = createHash('sha256')
for (let hashed = 0; hashed < blobBytes - piece.length; hashed += piece.length) commonHash.update(piece)

/** The last piece of a blob, by its number. */
function lastPieceOf(number: number): Buffer {
  return Buffer.concat([Buffer.from(String(number)), piece.subarray(1)])
}

function optionsFor(method: string, path: string, headers: Record<string, string | number>): RequestOptions {
  const common = { host: 'localhost', port: server.port, ca, agent: false as const }
  return { ...common, method, path, headers: { host: server.firstRun.loginServer, authorization, ...headers } }
}

/** Uploads a blob in one PATCH, as fast as the server reads it. Returns its digest. */
async function upload(number: number): Promise<string> {
  const uploads = `/v2/large/blobs/blobs/uploads/`
  const headers = { authorization }
  const begun = await ask({ method: 'POST', url: `${server.baseUrl}${uploads}`, headers, caFile: server.caFile })
  assert.equal(begun.status, 202)
  const location = new URL(begun.headers.location ?? '', server.baseUrl)
  const last = lastPieceOf(number)
  const outgoing = request(
    optionsFor('PATCH', location.pathname + location.search, {
      'content-type': 'application/octet-stream',
      'content-length': blobBytes,
    }),
  )
  const answered = once(outgoing, 'response')
  for (let sent = 0; sent < blobBytes; sent += piece.length) {
    const isLast = sent + piece.length === blobBytes
    if (!outgoing.write(isLast ? last : piece)) await once(outgoing, 'drain')
  }
  outgoing.end()
  const [patched] = await answered
  patched.resume()
  assert.equal(patched.statusCode, 202)
  const digest = `sha256:${commonHash.copy().update(last).digest('hex')}`
  const end = new URL(String(patched.headers.location), server.baseUrl)
  end.searchParams.set('digest', digest)
  const timeoutMs = 120_000
  const finished = await ask({ method: 'PUT', url: end, headers, caFile: server.caFile, timeoutMs })
  assert.equal(finished.status, 201, finished.text())
  return digest
}

/** Downloads a blob without storing it, and compares it with what was uploaded: a hash takes several times as long. */
async function download(digest: string, number: number): Promise<void> {
  const outgoing = request(optionsFor('GET', `/v2/large/blobs/blobs/${digest}`, {})).end()
  const [incoming] = await once(outgoing, 'response')
  assert.equal(incoming.statusCode, 200)
  const last = lastPieceOf(number)
  let received = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    for (let from = 0; from < chunk.length;) {
      const sent = received >= blobBytes - piece.length ? last : piece
      const inPiece = received % piece.length
      const size = Math.min(chunk.length - from, piece.length - inPiece)
      assert.equal(chunk.compare(sent, inPiece, inPiece + size, from, from + size), 0, `blob ${number}, ${received}`)
      from += size
      received += size
    }
  }
  assert.equal(received, blobBytes)
}

/** Waits until the server no longer uses processor time. */
async function untilIdle(): Promise<void> {
  let before = -1
  await until('the server has nothing left to do', async () => {
    const used = processorSeconds(server.pid)
    const isIdle = used === before
    before = used
    await sleep(300)
    return isIdle
  })
}

/**
 * How many bytes the memory of a server rises by during `work`, at most. The server has just started. What the first requests
 * load into memory, such as code, is not included.
 */
async function riseDuring(work: () => Promise<void>): Promise<number> {
  await server.restart()
  await pushImage(server, 'warm/up', { tag: '1', layers: [piece.subarray(0, 500_000)] }, authorization)
  await forgetPeak(server.pid)
  const { nowBytes } = await memoryOf(server.pid)
  await work()
  const { peakBytes } = await memoryOf(server.pid)
  return peakBytes - nowBytes
}

function assertSmall(riseBytes: number): void {
  assert.ok(riseBytes <= limitBytes, `memory rose by ${Math.round(riseBytes / mebibyte)} MiB`)
}

let uploaded: Promise<readonly string[]> | undefined

/** The digests of the blobs, which the first test that needs them uploads. */
function digestsOfBlobs(): Promise<readonly string[]> {
  return (uploaded ??= Promise.all(Array.from({ length: atOnce }, (_, number) => upload(number))))
}

test(`Eight concurrent uploads of ${blobMebibytes} MiB raise the memory by at most 100 MiB`, async (t) => {
  const rise = await riseDuring(async () => void (await digestsOfBlobs()))
  t.diagnostic(`memory rose by ${Math.round(rise / mebibyte)} MiB`)
  assert.equal(new Set(await digestsOfBlobs()).size, atOnce)
  assertSmall(rise)
})

test(`Eight concurrent downloads of ${blobMebibytes} MiB raise the memory by at most 100 MiB`, async (t) => {
  const digests = await digestsOfBlobs()
  const rise = await riseDuring(async () => {
    await Promise.all(digests.map((digest, number) => download(digest, number)))
  })
  t.diagnostic(`memory rose by ${Math.round(rise / mebibyte)} MiB`)
  assertSmall(rise)
})

test(`Sixty-four clients that request ${blobMebibytes} MiB and do not read raise the memory by at most 100 MiB`, async (t) => {
  const [digest = ''] = await digestsOfBlobs()
  const waiting: ClientRequest[] = []
  const rise = await riseDuring(async () => {
    for (let number = 0; number < 64; number += 1) {
      waiting.push(request(optionsFor('GET', `/v2/large/blobs/blobs/${digest}`, {})).end())
    }
    await Promise.all(
      waiting.map(async (outgoing) => {
        const [incoming] = await once(outgoing, 'response')
        assert.equal(incoming.statusCode, 200)
        incoming.pause()
        outgoing.on('error', () => undefined)
      }),
    )
    await untilIdle()
  })
  for (const outgoing of waiting) outgoing.destroy()
  t.diagnostic(`memory rose by ${Math.round(rise / mebibyte)} MiB`)
  assertSmall(rise)
  const alive = await ask({
    url: `${server.baseUrl}/v2/large/blobs/blobs/${digestOf(Buffer.alloc(0))}`,
    headers: { authorization },
    caFile: server.caFile,
  })
  assert.equal(alive.status, 404)
})
