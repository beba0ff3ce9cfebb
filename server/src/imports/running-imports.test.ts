import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { auditEventDocument, createAuditLog } from '../audit/index.ts'
import { onlyProcess } from '../platform/jobs/processes.ts'
import { createOutbound, type Outbound } from '../platform/outbound/outbound.ts'
import { openTestHttpsServer } from '../../testing/platform/test-https-server.ts'
import type { DatabaseKind } from '../platform/sql/database.ts'
import { testDatabaseKinds } from '../../testing/platform/test-database.ts'
import { type Handler, secret, sourceRegistry } from '../../testing/imports/test-source-registry.ts'
import { insertImport, updateImport } from './import-store.ts'
import type { ImportStatus } from './model.ts'
import {
  fromRemote,
  importRequest,
  importsOf,
  openTestImports,
  type TestImports,
  untilEnded,
} from '../../testing/imports/test-imports.ts'

/** What the source's token service gives out. */
const bearer = 'Bearer t0ken'

const processes = onlyProcess()

for (const kind of testDatabaseKinds) describe(`running imports on ${kind}`, () => testRunningImports(kind))

function testRunningImports(kind: DatabaseKind): void {
  let test: TestImports
  let server: Awaited<ReturnType<typeof openTestHttpsServer>>
  let outbound: Outbound
  let handle: Handler

  before(async () => {
    server = await openTestHttpsServer((request, response) => handle(request, response), ['localhost'])
    outbound = createOutbound({
      allowPrivateAddresses: true,
      allowedNetworks: [],
      extraCa: server.ca,
      resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    })
    test = await openTestImports(kind, { outbound, processes })
  })
  after(async () => {
    await test.imports.close()
    await test.registry.close()
    await test.dispose()
    await server.close()
  })

  const requestInto = (target: string, reference = 'v1', caller = 'importer') => {
    const from = fromRemote(`127.0.0.1:${server.port}`, secret)
    const request = importRequest(test.hosted, from, reference, { [target]: ['v1'] })
    const { into } = request
    // Each caller imports into a registry of its own.
    const registry = { ...into.registry, rid: caller === 'importer' ? into.registry.rid : caller }
    return { ...request, into: { ...into, registry, caller: { ...into.caller, key: caller } } }
  }
  /** Imports of another server process with the same database. */
  const otherProcess = () => importsOf(test, { outbound })
  const collectGarbage = async () => {
    await test.imports.endOrphaned()
    await test.imports.purge()
    await test.registry.collectGarbage()
  }

  it('run one at a time where the limit is one, and too many waiting imports are denied', async () => {
    const { imports } = test
    const { handle: answer } = sourceRegistry((port) => `https://127.0.0.1:${port}/token`)
    const arrivals = Array.from({ length: 17 }, () => Promise.withResolvers<() => void>())
    let arrived = 0
    let held = 0
    let maxHeld = 0
    // Each import is held at its manifest, until the test lets it continue.
    handle = (incoming, response) => {
      const isHeld = incoming.url?.endsWith('/manifests/v1') === true && incoming.headers.authorization === bearer
      if (!isHeld) return answer(incoming, response)
      held += 1
      maxHeld = Math.max(maxHeld, held)
      arrivals[arrived]?.resolve(() => {
        held -= 1
        answer(incoming, response)
      })
      arrived += 1
    }
    const begun = arrivals.map((_, number) =>
      imports.start(requestInto(`i/many${number}`, 'v1', `caller ${number % 2}`)),
    )
    await assert.rejects(imports.start(requestInto('i/toomany')), { reason: 'busy' })
    const ids = await Promise.all(begun)
    await arrivals[0]?.promise
    // An import that did not wait its turn would reach its manifest in the time that a whole import takes elsewhere.
    const other = otherProcess()
    await untilEnded(other, await other.start(requestInto('i/elsewhere', 'multi')))
    assert.equal(held, 1)
    for (const { promise } of arrivals) (await promise)()
    for (const id of ids) assert.deepEqual(await untilEnded(imports, id), { state: 'succeeded' })
    assert.equal(maxHeld, 1)
  })

  it('an import whose process has stopped is reported as failed, and its staged bytes are collected', async () => {
    const stoppedAs = (status: ImportStatus | undefined) => status?.state === 'failed' && status.reason
    const begin = async (id: string, process: string) => {
      const row = { asker: 'me', state: 'running', reason: null, message: null, event: null, image: null } as const
      const touched_at_ms = test.clock.nowMs
      const started_at_ms = touched_at_ms
      const { rid } = test.hosted
      const upload = { id: randomUUID(), rid, repository_id: 'r', caller_key: `import ${id}` }
      const expires_at_ms = test.clock.nowMs + 6 * 60 * 60 * 1000
      await test.database.transaction(async (transaction) => {
        await insertImport(transaction, {
          id,
          ...row,
          process,
          touched_at_ms,
          rid,
          started_at_ms,
          cancelled_at_ms: null,
        })
        await transaction
          .tables<{ upload: Record<string, string | number> }>()
          .insertInto('upload')
          .values({ ...upload, started_at_ms, expires_at_ms })
          .execute()
      })
      await test.blobs.append(upload.id, Readable.from([Buffer.from('half')]), { offset: 0, sizeLimitBytes: 8 })
      return upload.id
    }
    const staged = async () => {
      const ids: string[] = []
      for await (const { uploadId } of test.blobs.listStaged()) ids.push(uploadId)
      return ids
    }
    const goneUpload = await begin('gone', 'a process that has stopped')
    const recentUpload = await begin('recent', processes.id())
    assert.equal(stoppedAs(await test.imports.find('gone', 'me')), 'stopped')
    await collectGarbage()
    assert.equal(stoppedAs(await test.imports.find('gone', 'me')), 'stopped')
    assert.ok(!(await staged()).includes(goneUpload))
    assert.equal((await test.imports.find('recent', 'me'))?.state, 'running')
    assert.ok((await staged()).includes(recentUpload))
    await test.database.transaction((transaction) =>
      updateImport(transaction, 'gone', { state: 'succeeded', reason: null, message: null }),
    )
    assert.equal((await test.imports.find('gone', 'me'))?.state, 'failed', 'a reported result does not change')
    test.clock.nowMs += 8 * 24 * 60 * 60 * 1000
    await collectGarbage()
    assert.equal(await test.imports.find('gone', 'me'), undefined)
  })

  it('the event of an import whose process has stopped names the caller, and is written once', async () => {
    handle = () => undefined
    const first = otherProcess()
    const next = otherProcess()
    const request = requestInto('i/lost')
    const credential = { kind: 'identity-token', id: 'its id' }
    const origin = { correlationId: randomUUID(), remoteAddress: '192.0.2.1', userAgent: 'az' }
    const into = { ...request.into, caller: { ...request.into.caller, credential }, origin }
    const id = await first.start({ ...request, into })
    await next.endOrphaned()
    await next.endOrphaned()
    assert.partialDeepStrictEqual(await next.find(id, 'me'), { state: 'failed', reason: 'stopped' })
    await first.close()
    const { events } = await createAuditLog({ database: test.database }).list(
      { action: 'image.import' },
      { before: undefined, size: 99 },
    )
    const recorded = events
      .map(auditEventDocument)
      .filter(({ correlationId }) => correlationId === origin.correlationId)
    assert.equal(recorded.length, 1)
    assert.partialDeepStrictEqual(recorded, [
      {
        outcome: 'refused',
        reason: 'stopped',
        actor: { kind: 'service-principal', id: 'importer' },
        credential,
        target: test.hosted.loginServer,
        detail: { repository: 'up/app', into: ['i/lost'] },
        remoteAddress: '192.0.2.1',
        userAgent: 'az',
      },
    ])
  })

  it('an import that the end of the server interrupts is reported as failed', async () => {
    handle = () => undefined
    const { imports } = test
    const id = await imports.start(requestInto('i/cut'))
    assert.deepEqual(await imports.find(id, 'me'), { state: 'running' })
    await imports.close()
    const status = await imports.find(id, 'me')
    assert.partialDeepStrictEqual(status, { state: 'failed', reason: 'stopped' })
  })
}
