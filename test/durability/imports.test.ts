import assert from 'node:assert/strict'
import { randomFillSync } from 'node:crypto'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { bytesBelow } from '../harness/bytes-below.ts'
import { arm, enableAdmin, expectStatus, graph, registryId } from '../harness/arm.ts'
import type { HttpResponse } from '../harness/http.ts'
import { at, listAt } from '../harness/json.ts'
import { basic, digestOf, get, pushImage, putManifest } from '../harness/registry.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { startRelay } from './relay.ts'

// The source is a registry of its own, whose clients reach it through the relay alone.
const relay = await startRelay()
const host = `127.0.0.1:${relay.port}`
const source = await startServer({ registry: 'upstream', args: ['--public-host', host] })
relay.forwardTo(source.port)
after(async () => {
  await source[Symbol.asyncDispose]()
  await relay[Symbol.asyncDispose]()
})

const admin = await enableAdmin(source)
const authorization = basic(admin.username, admin.password)
const largeLayer = randomFillSync(Buffer.alloc(8 * 1024 * 1024))
const small = await pushImage(source, 'up/app', 'small', authorization)
const large = await pushImage(source, 'up/app', { tag: 'large', layers: [largeLayer] }, authorization)
const indexType = 'application/vnd.oci.image.index.v1+json'
const manifests = [small, large].map(({ mediaType, digest, size }) => ({ mediaType, digest, size }))
const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }))
expectStatus(
  await putManifest(source, 'up/app', { reference: 'v1', mediaType: indexType, bytes: index }, authorization),
  201,
)

type Begun = { readonly operation: string; readonly correlationId: string }

const startTarget = () =>
  startServer({
    registry: 'target',
    args: [
      '--outbound-allowed-networks',
      '127.0.0.1',
      '--outbound-ca-file',
      source.caFile,
      '--shutdown-seconds',
      '3600',
      '--gc-interval-seconds',
      '1',
    ],
  })
const owner = ({ firstRun: { servicePrincipal } }: RunningServer) =>
  basic(servicePrincipal.appId, servicePrincipal.password)

/** Starts the import of the index. Returns the path of its status, and the correlation id of its audit event. */
async function beginImport(server: RunningServer): Promise<Begun> {
  const credentials = { username: admin.username, password: admin.password }
  const body = {
    source: { registryUri: host, sourceImage: 'up/app:v1', credentials },
    targetTags: ['mine/app:v1'],
    mode: 'NoForce',
  }
  const accepted = expectStatus(await arm(server, 'POST', `${registryId(server)}/importImage`, body), 202)
  const { pathname, search } = new URL(accepted.headers.location ?? '')
  return { operation: pathname + search, correlationId: String(accepted.headers['x-ms-correlation-request-id']) }
}

/** How many bytes are staged in a server's files. */
const stagedBytes = ({ dataDir }: RunningServer): number => bytesBelow(join(dataDir, 'blobs', 'staging'))

/** Begins the import and returns when the large layer has come in part. */
async function halfAnImport(server: RunningServer): Promise<Begun> {
  relay.holdAfter(2 * 1024 * 1024)
  const { operation, correlationId } = await beginImport(server)
  await until('half a layer is staged', () => stagedBytes(server) > 1024 * 1024)
  assert.equal((await arm(server, 'GET', operation)).status, 202)
  return { operation, correlationId }
}

async function holdsNoHalfImage(server: RunningServer): Promise<void> {
  const ask = (path: string) => get(server, `/v2/mine/app/${path}`, owner(server))
  for (const path of ['manifests/v1', `manifests/${digestOf(index)}`, `manifests/${large.digest}`]) {
    assert.equal((await ask(path)).status, 404, path)
  }
  assert.equal((await ask(`blobs/${digestOf(largeLayer)}`)).status, 404)
  const tags = await ask('tags/list')
  if (tags.status === 200) assert.deepEqual(listAt(tags.json(), 'tags'), [])
  const child = await ask(`manifests/${small.digest}`)
  if (child.status === 404) return
  for (const { digest } of [small.config, ...small.layers]) assert.equal((await ask(`blobs/${digest}`)).status, 200)
}

function wasCutOff(answer: HttpResponse): void {
  assert.equal(answer.status, 409, answer.text())
  assert.equal(at(answer.json(), 'error', 'code'), 'OperationCanceled')
  assert.match(String(at(answer.json(), 'error', 'message')), /server was stopped before the import ended/)
}

/** The audit log has it once, with the principal that started it. */
async function isToldAsCutOff(server: RunningServer, correlationId: string): Promise<void> {
  const filter = encodeURIComponent(`action eq 'image.import' and correlationId eq '${correlationId}'`)
  const events = expectStatus(await arm(server, 'GET', `${registryId(server)}/auditEvents?$filter=${filter}`), 200)
  const { appId } = server.firstRun.servicePrincipal
  const owner = expectStatus(await graph(server, 'GET', `/servicePrincipals?$filter=appId eq '${appId}'`), 200)
  const told = listAt(events.json(), 'value')
  assert.equal(told.length, 1, events.text())
  assert.partialDeepStrictEqual(told[0], {
    outcome: 'refused',
    reason: 'stopped',
    actor: { kind: 'service-principal', id: at(owner.json(), 'value', 0, 'id') },
    credential: { kind: 'identity-token' },
  })
}

async function importsAnew(server: RunningServer): Promise<void> {
  relay.holdAfter(undefined)
  const { operation } = await beginImport(server)
  await until('the import ends', async () => (await arm(server, 'GET', operation)).status !== 202)
  expectStatus(await arm(server, 'GET', operation), 200)
  assert.deepEqual((await get(server, '/v2/mine/app/manifests/v1', owner(server))).body, index)
  const layer = await get(server, `/v2/mine/app/blobs/${digestOf(largeLayer)}`, owner(server))
  assert.equal(digestOf(layer.body), digestOf(largeLayer))
}

test('An import during which the server is killed fails, leaves no partial image, and can be started again', async () => {
  await using server = await startTarget()
  const { operation, correlationId } = await halfAnImport(server)
  await server.kill('SIGKILL')
  await server.restart()
  await isToldAsCutOff(server, correlationId)
  wasCutOff(await arm(server, 'GET', operation))
  await holdsNoHalfImage(server)
  await until('what was staged is collected', () => stagedBytes(server) === 0)
  wasCutOff(await arm(server, 'GET', operation))
  await isToldAsCutOff(server, correlationId)
  await importsAnew(server)
  assert.doesNotMatch(server.output(), /"level":(50|60)/, 'the server logged an error')
})

test('An import does not delay the stop of the server, and fails', async () => {
  await using server = await startTarget()
  const { operation, correlationId } = await halfAnImport(server)
  // Were the import waited for, it would be given an hour, and `stop` kills a server after a minute.
  assert.deepEqual(await server.stop(), { code: 0, signal: null })
  assert.equal(stagedBytes(server), 0)
  await server.restart()
  await isToldAsCutOff(server, correlationId)
  wasCutOff(await arm(server, 'GET', operation))
  await holdsNoHalfImage(server)
  await importsAnew(server)
  assert.doesNotMatch(server.output(), /"level":(50|60)/, 'the server logged an error')
})
