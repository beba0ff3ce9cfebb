import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, before, describe, it, test as single } from 'node:test'
import { CallerBudgets } from '../../platform/limits/caller-budget.ts'
import { sql } from 'kysely'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { digestOf, openTestRegistry, type TestRegistry } from '../../../testing/registry/test-registry.ts'
import type { AcrCall, AsOtherRoute } from '../protocol/call.ts'
import { OciError } from '../protocol/errors.ts'
import { ClientGoneError } from '../protocol/read-body.ts'
import type { BulkContext } from './context.ts'
import { runBulk } from './run-bulk.ts'

single('a client that disconnects stops the operations that have not begun', async () => {
  const operation = { operation: 'deleteTag', repository: 'team/app', reference: 'v1' }
  const body = Readable.from([Buffer.from(JSON.stringify({ operations: [operation, operation] }))])
  const response = { destroyed: false }
  const call = {
    request: Object.assign(body, { headers: {} }),
    response,
    budget: new CallerBudgets().ofAddress('127.0.0.1'),
  } as unknown as AcrCall<'bulk'>
  let done = 0
  const disconnect: AsOtherRoute = async () => {
    done += 1
    response.destroyed = true
    throw new OciError('TAG_UNKNOWN')
  }
  await assert.rejects(runBulk({} as BulkContext, call, disconnect), ClientGoneError)
  assert.equal(done, 1)
})

type Result = { readonly status: number; readonly error?: { readonly code: string; readonly message: string } }

for (const kind of testDatabaseKinds) describe(`several operations in a request on ${kind}`, () => testBulk(kind))

function testBulk(kind: DatabaseKind): void {
  let test: TestRegistry

  before(async () => {
    test = await openTestRegistry(kind, { softDelete: 'enabled' })
  })
  after(() => test.dispose())

  const send = (operations: unknown) => test.send('POST', '/acr/v1/_bulk', { body: JSON.stringify({ operations }) })
  const run = async (operations: readonly object[]) => {
    const answer = await send(operations)
    assert.equal(answer.status, 200, answer.text)
    return answer.json.results as readonly Result[]
  }
  const outcomes = (results: readonly Result[]) => results.map(({ status, error }) => error?.code ?? status)
  const tagsOf = async (repository: string) => {
    const { json } = await test.send('GET', `/acr/v1/${encodeURIComponent(repository)}/_tags`)
    return ((json.tags ?? []) as readonly { readonly name: string }[]).map(({ name }) => name)
  }
  const lock = (repository: string, below: string, attributes: object) =>
    test.send('PATCH', `/acr/v1/${encodeURIComponent(repository)}/${below}`, { body: JSON.stringify(attributes) })
  const eventsOf = async (target: string) => {
    const { rows } = await sql<{ readonly action: string }>`
      select action from audit_event where actor_id = 'bulk' and target like ${`%/${target}%`} order by action`.execute(
      test.database.tables(),
    )
    return rows.map(({ action }) => action)
  }

  it('each operation is done and answered, and a failure does not stop the next operation', async () => {
    const first = await test.pushImage('b/all', 'v1', 'first')
    const second = await test.pushImage('b/all', 'v2', 'second')
    const absent = digestOf('absent')
    const results = await run([
      { operation: 'deleteManifest', repository: 'b/all', reference: absent },
      { operation: 'deleteManifest', repository: 'b/all', reference: first },
      { operation: 'deleteTag', repository: 'b/all', reference: 'v2' },
      { operation: 'setAttributes', repository: 'b/all', reference: second, attributes: { deleteEnabled: false } },
      { operation: 'deleteManifest', repository: 'b/all', reference: second },
      { operation: 'deleteTag', repository: 'b/all', reference: 'v2' },
      { operation: 'deleteManifest', repository: 'b/all', reference: 'v2' },
      { operation: 'deleteTag', repository: 'B/INVALID', reference: 'v2' },
      { operation: 'deleteTag', repository: 'b/none', reference: 'v2' },
      { operation: 'restoreManifest', repository: 'b/all', reference: first, tag: 'v1' },
      { operation: 'restoreManifest', repository: 'b/all', reference: second, tag: 'v1' },
      { operation: 'restoreManifest', repository: 'b/all', reference: second, tag: 'v1', force: true },
      { operation: 'setAttributes', repository: 'b/all', reference: 'v1', attributes: { writeEnabled: false } },
    ])
    assert.deepEqual(outcomes(results), [
      'MANIFEST_UNKNOWN',
      202,
      202,
      200,
      'REGISTRY_DISALLOWED_OPERATION',
      'TAG_UNKNOWN',
      'DIGEST_INVALID',
      'NAME_INVALID',
      'NAME_UNKNOWN',
      200,
      'CONFLICT',
      200,
      200,
    ])
    assert.equal(results[4]?.error?.message, 'the manifest is locked: deleteEnabled is false')
    assert.deepEqual(await tagsOf('b/all'), ['v1'])
  })

  it('each operation is authorized and recorded as a request to its own route', async () => {
    const digest = await test.pushImage('b/own', 'v1')
    test.needs.length = 0
    test.gate.callerKey = 'bulk'
    await run([
      { operation: 'deleteTag', repository: 'b/own', reference: 'v1' },
      { operation: 'deleteManifest', repository: 'b/own', reference: digest },
      { operation: 'restoreManifest', repository: 'b/own', reference: digest },
      { operation: 'setAttributes', repository: 'b/own', reference: digest, attributes: { listEnabled: false } },
    ])
    test.gate.callerKey = 'caller'
    const on = (...actions: string[]) => ({ kind: 'repository', repository: 'b/own', actions })
    assert.deepEqual(test.needs, [
      { kind: 'signed-in' },
      { ...on('delete'), anyOf: ['metadata_write', 'untag'] },
      on('delete'),
      on('deleted_read', 'deleted_restore'),
      on('metadata_write'),
    ])
    assert.equal(test.gate.rate, 'write')
    assert.deepEqual(await eventsOf('b/own'), ['manifest.delete', 'manifest.restore', 'manifest.update', 'tag.delete'])
  })

  it('a lock is named by what it locks', async () => {
    const tagged = await test.pushImage('b/locks', 'held', 'tagged')
    await lock('b/locks', '_tags/held', { deleteEnabled: false })
    const kept = await test.pushImage('b/whole', 'v1', 'whole')
    await test.send('PATCH', '/acr/v1/b%2Fwhole', { body: JSON.stringify({ writeEnabled: false }) })
    const results = await run([
      { operation: 'deleteManifest', repository: 'b/locks', reference: tagged },
      { operation: 'deleteTag', repository: 'b/locks', reference: 'held' },
      { operation: 'deleteManifest', repository: 'b/whole', reference: kept },
      { operation: 'restoreManifest', repository: 'b/whole', reference: kept },
    ])
    assert.deepEqual(
      results.map(({ error }) => error?.message),
      [
        'a tag of the manifest is locked',
        'the tag is locked: deleteEnabled is false',
        'the repository is locked: writeEnabled is false',
        'the repository, manifest or tag is locked: writeEnabled is false',
      ],
    )
    const own = await test.send('DELETE', `/v2/b/locks/manifests/${tagged}`)
    assert.match(own.text, /the operation is disallowed on this registry, repository or image/)
  })

  it('a caller whose permissions are revoked during a request is denied the next operations', async () => {
    const digests = await pushSeveral('b/revoked', 4)
    const results = await whileDeciding(
      (decisions) => decisions > 3,
      () => run(digests.map((reference) => deletion('b/revoked', reference))),
    )
    assert.deepEqual(outcomes(results), [202, 202, 'UNAUTHORIZED', 'UNAUTHORIZED'])
    assert.deepEqual(await tagsOf('b/revoked'), ['v2', 'v3'])
  })

  it('operations that would begin too late are answered and not done', async (t) => {
    const digests = await pushSeveral('b/late', 3)
    const now = performance.now.bind(performance)
    const passTime = (decisions: number) => {
      // The first decision is that of the request, and the second is that of its first operation.
      if (decisions === 2) t.mock.method(performance, 'now', () => now() + 60_000)
      return false
    }
    const results = await whileDeciding(passTime, () => run(digests.map((reference) => deletion('b/late', reference))))
    assert.deepEqual(outcomes(results), [202, 'TOOMANYREQUESTS', 'TOOMANYREQUESTS'])
    assert.deepEqual(await tagsOf('b/late'), ['v1', 'v2'])
  })

  it('a request that is malformed does nothing', async () => {
    const digest = await test.pushImage('b/odd', 'v1')
    const operation = deletion('b/odd', digest)
    const attributes = { operation: 'setAttributes', repository: 'b/odd', reference: 'v1' }
    for (const [operations, message] of [
      [undefined, /operations: /],
      [[], /operations: /],
      [[operation, { ...operation, operation: 'deleteRepository' }], /operations\.1\.operation: /],
      [[{ ...operation, more: 1 }], /operations\.0: /],
      [[{ ...operation, reference: '' }], /operations\.0\.reference: /],
      [[attributes], /operations\.0\.attributes: /],
      [[{ ...attributes, attributes: { deleteEnabled: 'no' } }], /operations\.0\.attributes\.deleteEnabled: /],
      [Array.from({ length: 501 }, () => operation), /500 operations, and this request has 501/],
    ] as const) {
      const answer = await send(operations)
      assert.equal(answer.status, 400, answer.text)
      assert.equal(answer.code, 'BAD_REQUEST')
      assert.match(answer.text, message)
    }
    const long = await test.send('POST', '/acr/v1/_bulk', { body: Buffer.alloc(513 * 1024, ' ') })
    assert.equal(long.status, 413)
    assert.deepEqual(await tagsOf('b/odd'), ['v1'])
  })

  it('500 operations are one request', async () => {
    // No tag has this name, so that the database is not asked.
    const operation = { operation: 'deleteTag', repository: 'b/odd', reference: 'no tag' }
    const results = await run(Array.from({ length: 500 }, () => operation))
    assert.equal(results.length, 500)
    assert.deepEqual(new Set(outcomes(results)), new Set(['TAG_UNKNOWN']))
  })

  const deletion = (repository: string, reference: string) => ({ operation: 'deleteManifest', repository, reference })

  /** Runs work while a test decides at each decision of the gate whether it denies the caller. */
  const whileDeciding = async <Outcome>(denies: (decisions: number) => boolean, work: () => Promise<Outcome>) => {
    let decisions = 0
    Object.defineProperty(test.gate, 'denies', { configurable: true, get: () => denies((decisions += 1)) })
    try {
      return await work()
    } finally {
      Object.defineProperty(test.gate, 'denies', { configurable: true, writable: true, value: false })
    }
  }

  const pushSeveral = async (repository: string, count: number) => {
    const digests: string[] = []
    for (let index = 0; index < count; index += 1)
      digests.push(await test.pushImage(repository, `v${index}`, `${repository} ${index}`))
    return digests
  }
}
