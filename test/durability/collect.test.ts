import assert from 'node:assert/strict'
import { globSync, statSync } from 'node:fs'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { bytesBelow } from '../harness/bytes-below.ts'
import type { HttpResponse } from '../harness/http.ts'
import { basic } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { Client, isCut } from './client.ts'
import { contentOf, imageManifest, numberedBlob, type NumberedBlob } from './content.ts'
import { Ledger, type Acknowledged } from './ledger.ts'
import { seededRandom, type Random } from './random.ts'
import { Verifier } from './verify.ts'

const seed = Number(process.env['COLLECT_SEED'] ?? randomInt(2 ** 32))
const rounds = Number(process.env['COLLECT_ROUNDS'] ?? 4)
const pushers = 5
const imagesInRound = 30
const shared = ['team/app', 'team/app/base', 'team'] as const
/** Longer than a push takes on a machine that is busy. */
const gracePeriodSeconds = 15
/** Deleted as a whole, again and again. */
const scratch = 'scratch/app'

type Place = { readonly repository: string; readonly tag: string }

/** Few blobs, which all pushers push, skip, mount and leave behind, so that the collector meets each of them in every state. */
function someBlob(random: Random): NumberedBlob {
  const number = random.integer(0, 24)
  return numberedBlob(number, 1_000 + number * 700)
}

/** A push into a repository that was deleted meanwhile. */
class RepositoryGone extends Error {}

function expectStatus(repository: string, { status }: HttpResponse, expected: number): void {
  if (repository === scratch && status === 404) throw new RepositoryGone()
  assert.equal(status, expected, `${repository}: status ${status}`)
}

/** Brings a blob into a repository in one of the ways there are; a HEAD that says it is there counts as a promise. */
async function bring(client: Client, random: Random, repository: string, blob: NumberedBlob): Promise<void> {
  const uploads = `/v2/${repository}/blobs/uploads/`
  const way = random.pick(['monolithic', 'skip', 'mount', 'chunked'] as const)
  if (way === 'skip') {
    const { status } = await client.send({ method: 'HEAD', to: `/v2/${repository}/blobs/${blob.digest}` })
    if (status === 200) return
    assert.equal(status, 404)
  }
  const headers = { 'content-type': 'application/octet-stream' }
  const body = contentOf(blob.number, blob.size)
  if (way === 'monolithic' || way === 'skip') {
    const to = `${uploads}?digest=${blob.digest}`
    const answer = await client.send({ method: 'POST', to, headers, body })
    // The repository was deleted during the request, and the upload with it.
    if (repository === scratch && answer.status === 503 && answer.text().includes('the blob was not stored')) {
      throw new RepositoryGone()
    }
    expectStatus(repository, answer, 201)
    return
  }
  const from = way === 'mount' ? `?mount=${blob.digest}&from=${random.pick(shared)}` : ''
  const begun = await client.send({ method: 'POST', to: `${uploads}${from}` })
  if (begun.status === 201) return
  expectStatus(repository, begun, 202)
  const url = new URL(begun.headers.location ?? '', 'https://localhost')
  const patched = await client.send({ method: 'PATCH', to: url.pathname + url.search, headers, body })
  expectStatus(repository, patched, 202)
  const end = new URL(patched.headers.location ?? '', url)
  end.searchParams.set('digest', blob.digest)
  expectStatus(repository, await client.send({ method: 'PUT', to: end.pathname + end.search }), 201)
}

/** Pushes one image. @throws RepositoryGone */
async function push(client: Client, random: Random, { repository, tag }: Place, ledger: Ledger): Promise<Acknowledged> {
  const blobs = Array.from({ length: random.integer(2, 4) }, () => someBlob(random))
  const [config = numberedBlob(0, 1_000), ...layers] = blobs
  for (const blob of blobs) await bring(client, random, repository, blob)
  const pushed: Acknowledged = { repository, tag, manifest: imageManifest(config, layers) }
  ledger.ask(pushed)
  const answer = await client.send({
    method: 'PUT',
    to: `/v2/${repository}/manifests/${tag}`,
    headers: { 'content-type': pushed.manifest.mediaType },
    body: pushed.manifest.bytes,
  })
  if (repository === scratch && answer.status === 400) throw new RepositoryGone()
  expectStatus(repository, answer, 201)
  return pushed
}

/** Pushes images, and deletes some of its own; a server that is killed ends it. */
async function pushAndDelete(client: Client, random: Random, name: string, ledger: Ledger): Promise<void> {
  for (let number = 0; number < imagesInRound; number += 1) {
    const tag = `${name}-${number}`
    if (random.chance(0.2)) {
      await push(client, random, { repository: scratch, tag }, ledger).catch((error: unknown) => {
        if (!(error instanceof RepositoryGone)) throw error
      })
      if (random.chance(0.7)) continue
      const { status } = await client.send({ method: 'DELETE', to: `/acr/v1/${scratch}` })
      assert.ok(status === 202 || status === 404, String(status))
      continue
    }
    const pushed = await push(client, random, { repository: random.pick(shared), tag }, ledger)
    ledger.acknowledge(pushed)
    if (random.chance(0.6)) continue
    ledger.pushes.splice(ledger.pushes.indexOf(pushed), 1)
    const gone = await client.send({ method: 'DELETE', to: `/acr/v1/${pushed.repository}/_tags/${tag}` })
    assert.equal(gone.status, 202, gone.text())
  }
}

test(`fault 48: pushes, deletions, collections and ${rounds} kills at once lose nothing that was acknowledged`, async (t) => {
  t.diagnostic(`COLLECT_SEED=${seed}`)
  const args = [
    '--log-level',
    'warn',
    '--gc-interval-seconds',
    '1',
    '--gc-grace-period-seconds',
    String(gracePeriodSeconds),
    '--upload-expiry-seconds',
    '30',
  ]
  await using server = await startServer({ args })
  const { appId, password } = server.firstRun.servicePrincipal
  const authorization = basic(appId, password)
  const ledger = new Ledger()
  for (let round = 1; round <= rounds; round += 1) {
    let isKilled = false
    const runs = Array.from({ length: pushers }, async (_, index) => {
      using client = new Client(server, authorization, 1)
      const name = `p${index}-${round}`
      await pushAndDelete(client, seededRandom(seed, name), name, ledger).catch((error: unknown) => {
        if (!isKilled || !isCut(error)) throw error
      })
    })
    const random = seededRandom(seed, `round ${round}`)
    const wanted = ledger.pushes.length + random.integer(10, pushers * imagesInRound * 0.4)
    const all = Promise.all(runs)
    await Promise.race([all, until('enough was pushed', () => ledger.pushes.length >= wanted)])
    isKilled = true
    await server.kill('SIGKILL')
    await all
    await server.restart()
    using client = new Client(server, authorization, 8)
    const verifier = new Verifier(client, ledger)
    for (const { repository, tag } of ledger.unsettledTags()) {
      if (repository !== scratch) await verifier.tag(repository, tag)
    }
    await Promise.all(ledger.pushes.map((push) => verifier.push(push)))
  }
  using client = new Client(server, authorization, 4)
  assert.ok(ledger.pushes.length > rounds * 10, `${ledger.pushes.length} images were pushed`)
  for (const repository of [...shared, scratch]) {
    await client.send({ method: 'DELETE', to: `/acr/v1/${repository}` })
  }
  // Files without a row are collected once they are older than a grace period, by the first collection after a start.
  await sleep(gracePeriodSeconds * 1000)
  await server.restart()
  const blobs = join(server.dataDir, 'blobs')
  // The marks of the store stay.
  const marks = globSync(join(blobs, '**/installation')).reduce((sum, file) => sum + statSync(file).size, 0)
  await until('everything is collected', () => bytesBelow(blobs) === marks)
  assert.doesNotMatch(server.output(), /"level":(50|60)/, 'the server logged an error')
})
