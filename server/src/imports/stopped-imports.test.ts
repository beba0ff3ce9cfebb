import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { createOutbound, type Outbound } from '../platform/outbound/outbound.ts'
import { openTestHttpsServer } from '../../testing/platform/test-https-server.ts'
import type { DatabaseKind } from '../platform/sql/database.ts'
import { testDatabaseKinds } from '../../testing/platform/test-database.ts'
import { onlyProcess } from '../platform/jobs/processes.ts'
import { digestOf } from '../../testing/registry/test-registry.ts'
import type { ImportsOptions } from './imports.ts'
import type { ImportRequest } from './model.ts'
import {
  fromLocal,
  fromRemote,
  importRequest,
  importsOf,
  openTestImports,
  untilEnded,
} from '../../testing/imports/test-imports.ts'
import { type Handler, layer, secret, sourceRegistry } from '../../testing/imports/test-source-registry.ts'

for (const kind of testDatabaseKinds) describe(`imports that are stopped on ${kind}`, () => testStops(kind))

function testStops(kind: DatabaseKind): void {
  let test: Awaited<ReturnType<typeof openTestImports>>
  let server: Awaited<ReturnType<typeof openTestHttpsServer>>
  let outbound: Outbound
  let handle: Handler
  let requests = 0
  let denial: string | undefined
  let decisions = 0
  const processes = onlyProcess()

  before(async () => {
    server = await openTestHttpsServer(
      (request, response) => {
        requests += 1
        handle(request, response)
      },
      ['localhost'],
    )
    outbound = createOutbound({
      allowPrivateAddresses: true,
      allowedNetworks: [],
      extraCa: server.ca,
      resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    })
    test = await openTestImports(kind, { outbound, processes })
  })
  beforeEach(() => {
    requests = 0
    decisions = 0
    denial = undefined
    handle = sourceRegistry((port) => `https://127.0.0.1:${port}/token`).handle
  })
  after(async () => {
    await test.imports.close()
    await test.registry.close()
    await test.dispose()
    await server.close()
  })

  const requestInto = (target: string): ImportRequest => ({
    ...importRequest(test.hosted, fromRemote(`127.0.0.1:${server.port}`, secret), 'v1', { [target]: ['v1'] }),
    explainDenial: async () => {
      decisions += 1
      return denial
    },
  })
  const open = (options: Partial<ImportsOptions> = {}) => importsOf(test, { outbound, processes, ...options })
  const cancel = (imports: ReturnType<typeof open>, id: string, rid = test.hosted.rid) =>
    imports.cancel(id, rid, () => Promise.resolve())
  const isTagged = async (repository: string) =>
    (await test.send('GET', `/v2/${repository}/manifests/v1`)).status === 200
  const answersNothing: Handler = () => undefined

  it('the time limit of an import counts from its request, not from its turn', async () => {
    const imports = open({ maxImportMs: 500 })
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>()
    const first = await imports.start({ ...requestInto('s/first'), explainDenial: () => held })
    const second = await imports.start(requestInto('s/second'))
    const limit = { state: 'failed', reason: 'limit' }
    assert.partialDeepStrictEqual(await untilEnded(imports, second), limit)
    assert.equal(decisions, 0, 'the second import got a turn')
    release(undefined)
    assert.partialDeepStrictEqual(await untilEnded(imports, first), limit)
  })

  it('an import waits before each change until its caller may continue', async () => {
    let changes = 0
    const exhausted = Promise.withResolvers<undefined>()
    const { promise: refilled, resolve: refill } = Promise.withResolvers<undefined>()
    const pace = async () => {
      changes += 1
      if (changes < 4) return
      exhausted.resolve(undefined)
      await refilled
    }
    // At its start, for the configuration and the layer, and for the manifest.
    const id = await test.imports.start({ ...requestInto('s/paced'), pace })
    await exhausted.promise
    assert.deepEqual(await test.imports.find(id, 'me'), { state: 'running' })
    assert.equal(await isTagged('s/paced'), false)
    refill(undefined)
    assert.deepEqual(await untilEnded(test.imports, id), { state: 'succeeded' })
    assert.equal(changes, 4)
  })

  it('an import that is no longer permitted at its turn asks nothing of its source', async () => {
    const { promise: asked, resolve: noteRequest } = Promise.withResolvers<undefined>()
    handle = () => noteRequest(undefined)
    const imports = open()
    const first = await imports.start(requestInto('s/first'))
    const second = await imports.start(requestInto('s/second'))
    await asked
    denial = 'not any more'
    await cancel(imports, first)
    assert.deepEqual(await untilEnded(imports, second), { state: 'failed', reason: 'revoked', message: denial })
    assert.equal(requests, 1)
  })

  it('an import that is no longer permitted when its last blob has arrived sets no tag', async () => {
    const { handle: answer } = sourceRegistry((port) => `https://127.0.0.1:${port}/token`)
    handle = (request, response) => {
      if (request.url?.includes(digestOf(layer)) === true) denial = 'not any more'
      answer(request, response)
    }
    const id = await test.imports.start(requestInto('s/late'))
    assert.partialDeepStrictEqual(await untilEnded(test.imports, id), { state: 'failed', reason: 'revoked' })
    assert.equal(await isTagged('s/late'), false)
  })

  it('an import is decided again when the authority revision has moved, and once a minute', async () => {
    handle = answersNothing
    const imports = open()
    const id = await imports.start(requestInto('s/again'))
    await imports.recheck()
    const decided = decisions
    await imports.recheck()
    assert.equal(decisions, decided)
    test.clock.nowMs += 60_000
    await imports.recheck()
    assert.equal(decisions, decided + 1)
    await test.database.transaction(async (transaction) => transaction.changesAuthority())
    denial = 'not any more'
    await imports.recheck()
    assert.deepEqual(await untilEnded(imports, id), { state: 'failed', reason: 'revoked', message: denial })
  })

  it('an import is cancelled through another server process, also while it waits', async () => {
    handle = answersNothing
    const [imports, other] = [open(), open()]
    const ids = [await imports.start(requestInto('s/one')), await imports.start(requestInto('s/two'))]
    const ends = ids.map((id) => untilEnded(imports, id))
    for (const id of ids) {
      assert.equal(await cancel(other, id, 'another registry'), 'not-running')
      assert.equal(await cancel(other, id), 'cancelling')
    }
    const listed = (await other.list(test.hosted.rid, 'me')).filter(({ state }) => state === 'cancelling')
    assert.deepEqual(listed.map(({ id }) => id).toSorted(), ids.toSorted())
    await imports.recheck()
    const cancelled = { state: 'failed', reason: 'cancelled', message: 'the import was cancelled' }
    assert.deepEqual(await Promise.all(ends), [cancelled, cancelled])
    assert.equal(await cancel(other, ids[0] ?? ''), 'not-running')
    assert.deepEqual(await other.list(test.hosted.rid, 'you'), [])
  })

  it('an import from this server copies what the tag named at its request', async () => {
    const digest = await test.pushImage('s/source', 'v1', 'as requested')
    handle = answersNothing
    const imports = open()
    const first = await imports.start(requestInto('s/first'))
    const request = importRequest(test.hosted, fromLocal(test.hosted, 's/source'), 'v1', { 's/pinned': ['v1'] })
    const second = await imports.start(request)
    await test.pushImage('s/source', 'v1', 'pushed afterwards')
    await cancel(imports, first)
    assert.deepEqual(await untilEnded(imports, second), { state: 'succeeded' })
    const { headers } = await test.send('HEAD', '/v2/s/pinned/manifests/v1')
    assert.equal(headers['docker-content-digest'], digest)
  })
}
