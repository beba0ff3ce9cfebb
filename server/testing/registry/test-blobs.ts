import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request as httpRequest } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach } from 'node:test'
import type { Readable } from 'node:stream'
import { auditMigrations, createAudit } from '../../src/audit/index.ts'
import { createApp } from '../../src/platform/http/app.ts'
import { listen } from '../../src/platform/http/listener.ts'
import { createLog } from '../../src/platform/log/log.ts'
import type { Database, DatabaseKind } from '../../src/platform/sql/database.ts'
import { openTestDatabase } from '../platform/test-database.ts'
import type { LoginServer } from '@acrux/shared/standards/azure/login-server.ts'
import { openNetwork } from '@acrux/shared/standards/azure/network-rules.ts'
import { type BlobStore, createFilesystemBlobStore } from '../../src/storage/index.ts'
import type { BlobSettings } from '../../src/registry/blobs/blob-settings.ts'
import type { RegistryTables } from '../../src/registry/rows/rows.ts'
import type { AdmittedCaller } from '../../src/registry/protocol/ports.ts'
import { allRepositories, seenFirst } from './test-registry.ts'
import { createRegistry } from '../../src/registry/registry.ts'
import { registryMigrations } from '../../src/registry/migrations.ts'

/** The tables of the registry, and the tables of its audit events. */
export const blobTestMigrations = [...auditMigrations, ...registryMigrations]

/** The complete response to a request. */
export type BlobAnswer = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The code of the error in a response. */
  readonly code: string | undefined
}

export type BlobSent = {
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Uint8Array | Readable
  readonly host?: string
  /** The key of the caller. The default is `alice`. */
  readonly as?: string
}

/** A registry over a socket. The test has its own database and store. */
export type BlobTestServer = {
  readonly port: number
  readonly database: Database
  readonly blobs: BlobStore
  readonly send: (method: string, path: string, sent?: BlobSent) => Promise<BlobAnswer>
  readonly collectGarbage: () => Promise<{ readonly blobs: number; readonly uploads: number }>
  readonly deleteRegistry: (rid: string) => Promise<void>
  /** The permissions of callers, and the time at which their credential was issued. A test can change these values. */
  readonly gate: {
    mayPull: (repository: string, caller: string) => Promise<boolean>
    deletionsSeen: number
    /** Whether the second decision about an admitted caller is a denial. */
    isRevoked: boolean
  }
  /** Stops listening. The database and the store stay open for another server, as after a restart. */
  readonly close: () => Promise<void>
}

/** A clock that a test can move. */
export type TestClock = { nowMs: number; readonly now: () => number }

/**
 * A clock that is frozen at the beginning of 2020. This time is before the time of PostgreSQL, because deletions also compare with the
 * clock of PostgreSQL.
 */
export function testClock(): TestClock {
  const clock = { nowMs: Date.UTC(2020, 0, 1), now: () => clock.nowMs }
  return clock
}

const hosted: Readonly<Record<string, string>> = { 'one.example': '1'.repeat(32), 'two.example': '2'.repeat(32) }

/** A store of files in a separate directory. */
export type TestStore = { readonly blobs: BlobStore; readonly dispose: () => Promise<void> }

/** Opens an empty store of files. */
export async function openTestStore(clock: TestClock): Promise<TestStore> {
  const directory = await mkdtemp(join(tmpdir(), 'acrux-blobs-'))
  const blobs = await createFilesystemBlobStore(directory, { clock })
  return { blobs, dispose: () => rm(directory, { recursive: true }) }
}

/** Opens the registry in the same way as a starting server: the database and the store contain all earlier state. */
export async function openBlobServer(given: {
  readonly database: Database
  readonly blobs: BlobStore
  readonly clock: TestClock
  readonly settings?: Partial<BlobSettings>
}): Promise<BlobTestServer> {
  const { database, blobs, clock, settings = {} } = given
  const log = createLog('silent')
  const gate: BlobTestServer['gate'] = {
    mayPull: () => Promise.resolve(true),
    deletionsSeen: seenFirst,
    isRevoked: false,
  }
  const denial = { status: 401, code: 'UNAUTHORIZED', message: 'denied', detail: null, challenge: undefined } as const
  const registry = createRegistry({
    database,
    clock,
    log,
    blobs,
    blobSettings: settings,
    acceptsSparseImages: false,
    audit: createAudit({ database, clock }),
    registries: {
      byHost: async (host = '') => {
        const rid = hosted[host]
        if (rid === undefined) return undefined
        return {
          rid,
          name: host.slice(0, 3),
          loginServer: host as LoginServer,
          ...openNetwork,
          compatibility: 'oci',
          policies: { softDeletePolicy: { status: 'disabled' } },
        }
      },
    },
    gate: {
      admit: async (request) => ({
        admitted: true,
        caller: callerOf(String(request.headers.authorization), gate),
        revision: await database.authorityRevision(),
      }),
      admitAgain: async (_request, _origin, _registry, { caller }) =>
        gate.isRevoked
          ? { admitted: false, denial }
          : { admitted: true, caller, revision: await database.authorityRevision() },
      denyOutdated: () => Promise.resolve({ ...denial, message: 'outdated' }),
    },
  })
  const app = createApp({ log, trustedProxies: [] })
  registry.mount(app)
  const listener = await listen(app, { addresses: [{ host: '127.0.0.1', port: 0 }], tls: undefined })
  const port = listener.addresses[0]?.port ?? 0
  return {
    port,
    database,
    blobs,
    gate,
    send: (method, path, sent = {}) => exchange(port, method, path, sent),
    collectGarbage: async () => {
      const { blobs, uploads } = await registry.collectGarbage()
      return { blobs, uploads }
    },
    deleteRegistry: (rid) => database.transaction((transaction) => registry.deleteContent(transaction, rid)),
    close: () => listener.close(500),
  }
}

/** The registry server of a test suite. */
export type UsedServer = {
  clock: TestClock
  database: Database
  blobs: BlobStore
  server: BlobTestServer
  /** A name that no other test of the suite uses. */
  repository: string
  /** Closes the server, and opens another server on the same database and store. */
  restart: (blobs?: BlobStore) => Promise<void>
}

/** Opens one server for all tests of a suite, or a new server for each test. */
export function useBlobServer(
  kind: DatabaseKind,
  { settings = {}, isFresh = false }: { readonly settings?: Partial<BlobSettings>; readonly isFresh?: boolean } = {},
): UsedServer {
  const used = {} as UsedServer
  let dispose: readonly (() => Promise<void>)[] = []
  let count = 0
  const [begin, end] = isFresh ? [beforeEach, afterEach] : [before, after]
  begin(async () => {
    const clock = testClock()
    const opened = await openTestDatabase(kind, blobTestMigrations)
    const store = await openTestStore(clock)
    const open = (blobs: BlobStore) => openBlobServer({ database: opened.database, blobs, clock, settings })
    const restart = async (blobs = store.blobs) => {
      await used.server.close()
      used.server = await open(blobs)
    }
    const server = await open(store.blobs)
    Object.assign(used, { clock, database: opened.database, blobs: store.blobs, server, restart })
    dispose = [opened.dispose, store.dispose]
  })
  beforeEach(() => {
    used.repository = `team/app-${(count += 1)}`
  })
  end(async () => {
    await used.server.close()
    for (const one of dispose) await one()
  })
  return used
}

function callerOf(key: string, gate: BlobTestServer['gate']): AdmittedCaller {
  return {
    key,
    actor: { kind: 'service-principal', id: key },
    deletionsSeen: gate.deletionsSeen,
    mayPull: (repository) => gate.mayPull(repository, key),
    identify: () => Promise.resolve({ kind: 'servicePrincipal', id: key, name: key } as const),
    repositories: () => Promise.resolve(allRepositories),
  }
}

function exchange(port: number, method: string, path: string, sent: BlobSent): Promise<BlobAnswer> {
  const { body, as = 'alice', host = 'one.example' } = sent
  const isWhole = body === undefined || typeof body === 'string' || body instanceof Uint8Array
  const headers: OutgoingHttpHeaders = { host, authorization: as, ...sent.headers }
  if (isWhole && body !== undefined) headers['content-length'] ??= Buffer.byteLength(body)
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false })
    request.setTimeout(120_000, () => request.destroy(new Error(`no answer to ${method} ${path}`)))
    request.on('error', reject)
    request.on('response', (response) => {
      const pieces: Buffer[] = []
      response.on('error', reject).on('data', (piece: Buffer) => pieces.push(piece))
      response.on('end', () => {
        const whole = Buffer.concat(pieces)
        const { statusCode: status = 0 } = response
        resolve({ status, headers: response.headers, body: whole, code: status < 400 ? undefined : codeOf(whole) })
      })
    })
    if (isWhole) request.end(body)
    else body.pipe(request)
  })
}

function codeOf(body: Buffer): string | undefined {
  if (body.length === 0) return undefined
  const { errors } = JSON.parse(body.toString()) as { readonly errors?: readonly { readonly code: string }[] }
  return errors?.[0]?.code
}

/** The digest of a text or of bytes. */
export function blobDigest(content: string | Uint8Array, algorithm: 'sha256' | 'sha512' = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`
}

/** Begins an upload and returns its URL. */
export async function beginUpload(server: BlobTestServer, repository: string, sent: BlobSent = {}): Promise<string> {
  const answer = await server.send('POST', `/v2/${repository}/blobs/uploads/`, sent)
  if (answer.status !== 202) throw new Error(`no upload: ${answer.status} ${answer.body.toString()}`)
  return String(answer.headers.location)
}

/** Pushes a blob in one request. */
export async function pushBlob(
  server: BlobTestServer,
  repository: string,
  content: string | Uint8Array,
  sent: BlobSent = {},
): Promise<string> {
  const digest = blobDigest(content)
  const path = `/v2/${repository}/blobs/uploads/?digest=${digest}`
  const answer = await server.send('POST', path, { ...sent, body: content })
  if (answer.status !== 201) throw new Error(`no blob: ${answer.status} ${answer.body.toString()}`)
  return digest
}

/** Pushes the manifest of an image whose layers contain these texts. The first text is also the configuration. */
export function pushManifest(
  server: BlobTestServer,
  repository: string,
  tag: string,
  contents: readonly string[],
): Promise<BlobAnswer> {
  return server.send('PUT', `/v2/${repository}/manifests/${tag}`, {
    headers: { 'content-type': imageType },
    body: imageManifest(contents),
  })
}

const imageType = 'application/vnd.oci.image.manifest.v1+json'

/** The manifest that {@link pushManifest} pushes. */
export function imageManifest(contents: readonly string[]): string {
  const layers = contents.map((content) => ({
    mediaType: 'application/vnd.oci.image.layer.v1.tar',
    digest: blobDigest(content),
    size: Buffer.byteLength(content),
  }))
  const config = { ...layers[0], mediaType: 'application/vnd.oci.image.config.v1+json' }
  return JSON.stringify({ schemaVersion: 2, mediaType: imageType, config, layers })
}

/** The number of rows in the tables of blobs and uploads. */
export async function countRows(database: Database): Promise<{ blobs: number; held: number; uploads: number }> {
  const count = async (table: 'blob' | 'repository_blob' | 'upload') => {
    const rows = await database.tables<RegistryTables>().selectFrom(table).selectAll().execute()
    return rows.length
  }
  return { blobs: await count('blob'), held: await count('repository_blob'), uploads: await count('upload') }
}

/** The number of blobs and staged uploads in the store. */
export async function countFiles(blobs: BlobStore): Promise<{ blobs: number; staged: number }> {
  const files = await Array.fromAsync(blobs.list())
  const staged = await Array.fromAsync(blobs.listStaged())
  return { blobs: files.length, staged: staged.length }
}

/** A store in which some functions are replaced. */
export function changing(blobs: BlobStore, change: Partial<BlobStore>): BlobStore {
  return new Proxy(blobs, {
    get: (target, name: keyof BlobStore) => change[name] ?? target[name]?.bind(target),
  })
}

/** Completes an upload, with a body or with the bytes that were sent before. */
export function putBlob(
  { server }: UsedServer,
  location: string,
  digest: string,
  sent: BlobSent = {},
): Promise<BlobAnswer> {
  return server.send('PUT', `${location}&digest=${digest}`, sent)
}

/** Asserts that the response with a blob contains exactly these bytes. */
export async function assertServed(
  { server, repository }: UsedServer,
  content: Uint8Array | string,
  digest = blobDigest(content),
): Promise<void> {
  const answer = await server.send('GET', `/v2/${repository}/blobs/${digest}`)
  assert.equal(answer.status, 200)
  assert.equal(Buffer.compare(answer.body, Buffer.from(content)), 0)
  assert.equal(answer.headers['docker-content-digest'], digest)
}
