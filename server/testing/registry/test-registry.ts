import { hash } from 'node:crypto'
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import { type Audit, auditMigrations, createAudit } from '../../src/audit/index.ts'
import type { ContentSpace } from '../../src/platform/files/free-space.ts'
import type { Database, DatabaseKind } from '../../src/platform/sql/database.ts'
import type { Migration } from '../../src/platform/sql/migrations.ts'
import { openTestDatabase, type TestDatabase } from '../platform/test-database.ts'
import { createApp } from '../../src/platform/http/app.ts'
import { listen } from '../../src/platform/http/listener.ts'
import { markView } from '../../src/platform/http/viewing.ts'
import { createLog } from '../../src/platform/log/log.ts'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import type { LoginServer } from '@acrux/shared/standards/azure/login-server.ts'
import { openNetwork } from '@acrux/shared/standards/azure/network-rules.ts'
import { ociImageManifestType } from '@acrux/shared/standards/oci/media-type.ts'
import { type BlobStore, createMemoryBlobStore } from '../../src/storage/index.ts'
import { registryMigrations } from '../../src/registry/migrations.ts'
import { createRegistry, type Registry } from '../../src/registry/registry.ts'
import { indexRoutes, matchPath, registryRoutes } from '../../src/registry/routes.ts'
import type {
  Actor,
  Gate,
  HostedRegistry,
  RateClass,
  RegistryNeed,
  RepositoryView,
} from '../../src/registry/protocol/ports.ts'
import type { DefaultQuotas } from '../../src/registry/quotas/quotas.ts'

/** A request of a test. The function sends the path unchanged. */
export type Sent = {
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Uint8Array | Readable
  readonly host?: string
}

/** The complete response to a request. */
export type Answer = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
  /** The body as JSON. */
  readonly json: Record<string, unknown>
  /** The code of the first error in the response. */
  readonly code: string | undefined
}

/** A registry over a real socket, with a gate that a test can close, and a clock that a test can set. */
export type TestRegistry = TestDatabase & {
  readonly registry: Registry
  readonly blobs: BlobStore
  readonly audit: Audit
  /** The registry that the host `first.example` serves. */
  readonly hosted: HostedRegistry
  readonly port: number
  readonly clock: { nowMs: number }
  /** Every need that the registry passed to the gate, in order. */
  readonly needs: RegistryNeed[]
  readonly gate: {
    denies: boolean
    deletionsSeen: number
    mayPull: (repository: string) => Promise<boolean>
    view: RepositoryView
    callerKey: string
    /** Whether each request comes from a person who views content in the portal. */
    views: boolean
    /** The rate class of the latest request. */
    rate: RateClass | undefined
  }
  readonly send: (method: string, path: string, sent?: Sent) => Promise<Answer>
  /** Runs a function in which the caller with this key sends the requests. */
  readonly as: <Result>(callerKey: string, work: () => Promise<Result>) => Promise<Result>
  /** Pushes a blob in one request and returns its digest. */
  readonly pushBlob: (repository: string, content: string | Uint8Array) => Promise<Digest>
  /** Pushes the manifest of an image with one layer under a tag, and returns its digest. */
  readonly pushImage: (repository: string, tag: string, layer?: string) => Promise<Digest>
  readonly putManifest: (repository: string, reference: string, manifest: unknown, type?: string) => Promise<Answer>
}

/** The two registries of a test server. With them, tests check that no content of one registry is visible in the other registry. */
const registries: Readonly<Record<string, HostedRegistry>> = {
  'first.example': {
    rid: '1'.repeat(32),
    name: 'first',
    loginServer: 'first.example' as LoginServer,
    ...openNetwork,
    compatibility: 'oci',
    policies: { softDeletePolicy: { status: 'disabled' } },
  },
  'second.example': {
    rid: '2'.repeat(32),
    name: 'second',
    loginServer: 'second.example' as LoginServer,
    ...openNetwork,
    compatibility: 'oci',
    policies: { softDeletePolicy: { status: 'disabled' } },
  },
}

/** The value of `deletionsSeen` in a credential that was issued before the test deletes a repository. */
export const seenFirst = 1

/** The view of a caller that may list and pull all repositories. */
export const allRepositories: RepositoryView = {
  listsAll: true,
  candidates: 'any',
  mayPull: () => true,
  accessTo: () => ['pull'],
}

/** Opens a separate registry on a free port. */
export async function openTestRegistry(
  kind: DatabaseKind,
  options: {
    readonly acceptsSparseImages?: boolean
    readonly softDelete?: 'enabled' | 'disabled'
    readonly defaultQuotas?: DefaultQuotas
    readonly space?: ContentSpace
    readonly reportsCountFrom?: readonly string[]
    /** The options of a module that uses the content of the registry. */
    readonly migrations?: readonly Migration[]
  } = {},
): Promise<TestRegistry> {
  const { migrations = [] } = options
  const allMigrations = [...auditMigrations, ...registryMigrations, ...migrations]
  const { database, dispose } = await openTestDatabase(kind, allMigrations)
  // A time before the time of PostgreSQL, because deletions also compare with the clock of PostgreSQL.
  const clock = { nowMs: Date.UTC(2020, 0, 1), now: () => clock.nowMs }
  const gate = {
    denies: false,
    deletionsSeen: seenFirst,
    mayPull: () => Promise.resolve(true),
    view: allRepositories,
    callerKey: 'caller',
    views: false,
    rate: undefined,
  }
  const needs: RegistryNeed[] = []
  const log = createLog('silent')
  const blobs = createMemoryBlobStore({ clock })
  const policies = { softDeletePolicy: { status: options.softDelete ?? 'disabled' } }
  const byHost = async (host = '') => registries[host] && { ...registries[host], policies }
  const audit = createAudit({ database, clock })
  const registry = createRegistry({
    database,
    clock,
    log,
    audit,
    blobs,
    gate: testGate(gate, needs, database),
    registries: { byHost },
    acceptsSparseImages: options.acceptsSparseImages ?? false,
    ...(options.defaultQuotas !== undefined && { defaultQuotas: options.defaultQuotas }),
    ...(options.space !== undefined && { space: options.space }),
    ...(options.reportsCountFrom !== undefined && { reportsCountFrom: options.reportsCountFrom }),
  })
  const app = createApp({ log, trustedProxies: [] })
  registry.mount(app)
  const listener = await listen(app, { addresses: [{ host: '127.0.0.1', port: 0 }], tls: undefined })
  const port = listener.addresses[0]?.port ?? 0
  const send = async (method: string, path: string, sent: Sent = {}) => {
    const answer = await exchange(port, method, path, sent)
    requireSchema(method, path, answer)
    return answer
  }
  return {
    database,
    blobs,
    audit,
    registry,
    hosted: registries['first.example'] as HostedRegistry,
    port,
    clock,
    needs,
    gate,
    send,
    as: async (callerKey, work) => {
      const before = gate.callerKey
      gate.callerKey = callerKey
      try {
        return await work()
      } finally {
        gate.callerKey = before
      }
    },
    ...pushers(send),
    dispose: async () => {
      await listener.close(1000)
      await dispose()
    },
  }
}

const routeIndex = indexRoutes(registryRoutes)

/** A successful response must match the schema of its route. */
function requireSchema(method: string, path: string, { status, json }: Answer): void {
  const matched = matchPath(path.split('?')[0] ?? '')
  const route = matched && routeIndex[matched.surface].get(matched.path.kind)?.get(method)
  if (status >= 300 || route?.response === undefined || route.response === 'none') return
  const { error } = route.response.safeParse(json)
  if (error !== undefined) throw new Error(`${route.id}: ${error.message}`)
}

function testGate(state: TestRegistry['gate'], needs: RegistryNeed[], database: Database): Gate {
  const denial = {
    status: 401,
    code: 'UNAUTHORIZED',
    message: 'authentication required',
    detail: null,
    challenge: 'Bearer realm="https://first.example/oauth2/token",service="first.example"',
  } as const
  return {
    admit: async (request, _origin, _registry, { need, rate }) => {
      needs.push(need)
      if (state.views) markView(request)
      state.rate = rate
      const revision = await database.authorityRevision()
      if (state.denies) return { admitted: false, denial }
      return {
        admitted: true,
        caller: {
          key: state.callerKey,
          actor: { kind: state.callerKey === 'anonymous' ? 'anonymous' : 'service-principal', id: state.callerKey },
          deletionsSeen: state.deletionsSeen,
          mayPull: (repository) => state.mayPull(repository),
          identify: () => Promise.resolve(actorNamed(state.callerKey)),
          repositories: () => Promise.resolve(state.view),
        },
        revision,
      }
    },
    admitAgain: async (_request, _origin, _registry, { caller }) =>
      state.denies
        ? { admitted: false, denial }
        : { admitted: true, caller, revision: await database.authorityRevision() },
    denyOutdated: () => Promise.resolve({ ...denial, message: 'outdated' }),
  }
}

function pushers(send: TestRegistry['send']): Pick<TestRegistry, 'pushBlob' | 'pushImage' | 'putManifest'> {
  const pushBlob = async (repository: string, content: string | Uint8Array) => {
    const digest = digestOf(content)
    const answer = await send('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, { body: content })
    if (answer.status !== 201) throw new Error(`the blob was not accepted: ${answer.status} ${answer.text}`)
    return digest
  }
  const putManifest = (repository: string, reference: string, manifest: unknown, type = ociImageManifestType) => {
    const body = typeof manifest === 'string' ? manifest : JSON.stringify(manifest)
    return send('PUT', `/v2/${repository}/manifests/${reference}`, { headers: { 'content-type': type }, body })
  }
  return {
    pushBlob,
    putManifest,
    pushImage: async (repository, tag, layer = 'layer') => {
      const config = '{"architecture":"amd64","os":"linux"}'
      await pushBlob(repository, config)
      await pushBlob(repository, layer)
      const manifest = JSON.stringify(imageManifest(config, [layer]))
      const answer = await putManifest(repository, tag, manifest)
      if (answer.status !== 201) throw new Error(`the manifest was not accepted: ${answer.status} ${answer.text}`)
      return digestOf(manifest)
    },
  }
}

/** The actor of a caller of a test registry. */
export function actorNamed(key: string): Actor {
  return { id: key, name: `Name of ${key}`, kind: 'servicePrincipal' }
}

/** The sha256 digest of a text or of bytes. */
export function digestOf(content: string | Uint8Array): Digest {
  return `sha256:${hash('sha256', content, 'hex')}` as Digest
}

/** The descriptor of a text. */
export function descriptorOf(content: string, mediaType: string) {
  return { mediaType, digest: digestOf(content), size: Buffer.byteLength(content) }
}

/** The image manifest for a configuration and layers. */
export function imageManifest(config: string, layers: readonly string[], more: Record<string, unknown> = {}) {
  return {
    schemaVersion: 2,
    mediaType: ociImageManifestType,
    config: descriptorOf(config, 'application/vnd.oci.image.config.v1+json'),
    layers: layers.map((layer) => descriptorOf(layer, 'application/vnd.oci.image.layer.v1.tar')),
    ...more,
  }
}

function exchange(port: number, method: string, path: string, sent: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { body } = sent
    const isWhole = body === undefined || typeof body === 'string' || body instanceof Uint8Array
    const headers: OutgoingHttpHeaders = { host: sent.host ?? 'first.example', ...sent.headers }
    if (isWhole && body !== undefined && headers['content-length'] === undefined) {
      headers['content-length'] = Buffer.byteLength(body)
    }
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false })
    request.setTimeout(120_000, () => request.destroy(new Error(`no answer to ${method} ${path}`)))
    request.on('error', reject)
    request.on('response', (response) => {
      const pieces: Buffer[] = []
      response.on('error', reject)
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('end', () => resolve(answerOf(response.statusCode ?? 0, response.headers, Buffer.concat(pieces))))
    })
    if (isWhole) request.end(body)
    else body.pipe(request)
  })
}

function answerOf(status: number, headers: IncomingHttpHeaders, body: Buffer): Answer {
  const text = body.toString()
  const json = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}
  const errors = json.errors as readonly { readonly code: string }[] | undefined
  return { status, headers, body, text, json, code: errors?.[0]?.code }
}
