import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { Database, DatabaseKind, Transaction } from '../platform/sql/database.ts'
import { testDatabaseKinds } from '../../testing/platform/test-database.ts'
import type { Reference, Tag } from '@acrux/shared/standards/oci/reference.ts'
import type { RepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import { digestOf, seenFirst } from '../../testing/registry/test-registry.ts'
import { type Import, importImage } from './import-image.ts'
import type { ImportSource } from './import-source.ts'
import { findImport } from './import-store.ts'
import { openLocalSource } from './local-source.ts'
import type { ImportRequest } from './model.ts'
import {
  contentOf,
  fromLocal,
  importRequest,
  importsOf,
  openTestImports,
  type TestImports,
  untilEnded,
} from '../../testing/imports/test-imports.ts'

for (const kind of testDatabaseKinds) describe(`imports beside other changes on ${kind}`, () => testRaces(kind))

const byTag: Reference = { kind: 'tag', tag: 'v1' as Tag }

function testRaces(kind: DatabaseKind): void {
  let test: TestImports

  before(async () => {
    test = await openTestImports(kind)
    test.gate.deletionsSeen = Infinity
  })
  after(() => test.dispose())

  const into = (deletionsSeen = Infinity): Import['into'] => ({
    registry: test.hosted,
    caller: {
      key: 'importer',
      actor: { kind: 'service-principal', id: 'importer' },
      deletionsSeen,
      mayPull: () => Promise.resolve(false),
      identify: () => Promise.resolve(undefined),
    },
    origin: { correlationId: 'c', remoteAddress: '127.0.0.1', userAgent: undefined },
  })
  const localSource = (repository: string) => openLocalSource(contentOf(test), fromLocal(test.hosted, repository))
  const importFrom = (source: ImportSource, target: string, deletionsSeen?: number) =>
    importImage(contentOf(test), {
      id: randomUUID(),
      source,
      reference: byTag,
      into: into(deletionsSeen),
      targets: new Map([[target as RepositoryName, ['v1' as Tag]]]),
      force: true,
      requirePermitted: () => Promise.resolve(),
      expiresAtMs: test.clock.nowMs + 1000,
    })
  const holds = async (repository: string, blob: string) =>
    (await test.send('HEAD', `/v2/${repository}/blobs/${digestOf(blob)}`)).status === 200

  it('an import into a locked repository copies nothing', async () => {
    await test.pushImage('r/source', 'v1', 'for the locked one')
    await test.pushImage('r/locked', 'other', 'other')
    await test.send('PATCH', '/acr/v1/r%2Flocked', { body: '{"writeEnabled":false}' })
    await assert.rejects(importFrom(localSource('r/source'), 'r/locked'), { code: 'REGISTRY_DISALLOWED_OPERATION' })
    assert.equal(await holds('r/locked', 'for the locked one'), false)
  })

  it('an import into a repository that was deleted and recreated after the request copies nothing', async () => {
    await test.pushImage('r/source', 'v1', 'for the new one')
    await test.pushImage('r/reborn', 'other', 'other')
    await test.send('DELETE', '/acr/v1/r%2Freborn')
    await test.pushImage('r/reborn', 'other', 'other')
    await assert.rejects(importFrom(localSource('r/source'), 'r/reborn', seenFirst), {
      name: 'OutdatedCredentialError',
    })
    assert.equal(await holds('r/reborn', 'for the new one'), false)
  })

  it('a blob is not linked from a repository that lost it after it was found there', async () => {
    const losses: Record<string, () => Promise<unknown>> = {
      'r/lost': () => test.send('DELETE', '/acr/v1/r%2Flost'),
      'r/let-go': () =>
        test.database.transaction((transaction: Transaction) =>
          transaction
            .tables<{ repository_blob: { digest: string } }>()
            .deleteFrom('repository_blob')
            .where('digest', '=', digestOf('layer of r/let-go'))
            .execute(),
        ),
    }
    for (const [name, lose] of Object.entries(losses)) {
      await test.pushImage(name, 'v1', `layer of ${name}`)
      const local = localSource(name)
      const source: ImportSource = {
        manifest: (reference) => local.manifest(reference),
        blob: async (digest) => {
          const found = await local.blob(digest)
          if (digest === digestOf(`layer of ${name}`)) await lose()
          return found
        },
      }
      await assert.rejects(importFrom(source, 'r/target'), { name: 'ImportError', reason: 'not-found' }, name)
      assert.equal(await holds('r/target', `layer of ${name}`), false, name)
    }
  })

  it('an import succeeds while the authority revision moves after each of its decisions, and waits once for each change', async () => {
    await test.pushImage('r/decided', 'v1', 'decided')
    const imports = importsOf(test)
    let decisions = 0
    let waits = 0
    const request: ImportRequest = {
      ...importRequest(test.hosted, fromLocal(test.hosted, 'r/decided'), 'v1', { 'r/often': ['v1'] }),
      explainDenial: async () => {
        decisions += 1
        if (decisions <= 40) await test.database.transaction(async (transaction) => transaction.changesAuthority())
        return undefined
      },
      pace: async () => {
        waits += 1
      },
    }
    assert.deepEqual(await untilEnded(imports, await imports.start(request)), { state: 'succeeded' })
    assert.ok(decisions > 40, `${decisions} decisions`)
    // Before the import, its two blobs and its manifest.
    assert.equal(waits, 4)
    await imports.close()
  })

  it('an import no longer counts as running once its status says that it has ended', async () => {
    await test.pushImage('r/counted', 'v1', 'counted')
    let first = ''
    const answered = Promise.withResolvers<void>()
    const isReported = async () =>
      first !== '' && (await findImport(test.database, first, { asker: 'me' }))?.state === 'succeeded'
    // Others can read the commit that ends the first import before its own process knows of it.
    const transaction: Database['transaction'] = async (work) => {
      const result = await test.database.transaction(work)
      if (await isReported()) await answered.promise
      return result
    }
    const database: Database = {
      kind: test.database.kind,
      tables: () => test.database.tables(),
      prepare: (names, build) => test.database.prepare(names, build),
      prepareInsert: (table, columns) => test.database.prepareInsert(table, columns),
      authorityRevision: () => test.database.authorityRevision(),
      knownRevision: () => test.database.knownRevision(),
      leasedContentRevision: () => test.database.leasedContentRevision(),
      writerLoad: () => test.database.writerLoad(),
      canWrite: () => test.database.canWrite(),
      close: () => test.database.close(),
      exclusiveTransaction: (work) => test.database.exclusiveTransaction(work),
      transaction,
    }
    const imports = importsOf(test, { database })
    const request = (target: string, key: string): ImportRequest => ({
      from: fromLocal(test.hosted, 'r/counted'),
      reference: byTag,
      into: { ...into(), registry: { ...test.hosted, rid: key }, caller: { ...into().caller, key } },
      targets: new Map([[target as RepositoryName, []]]),
      force: true,
      requester: 'me',
      explainDenial: () => Promise.resolve(undefined),
      pace: () => Promise.resolve(),
    })
    first = await imports.start(request('r/counted0', 'caller 0'))
    while (!(await isReported())) await new Promise((resolve) => setImmediate(resolve))
    const begun: Promise<string>[] = []
    for (let number = 1; number <= 17; number += 1)
      begun.push(imports.start(request(`r/counted${number}`, `caller ${number % 2}`)))
    await new Promise((resolve) => setImmediate(resolve))
    answered.resolve()
    await Promise.all(begun)
    await imports.close()
  })
}
