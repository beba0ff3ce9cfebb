import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { sql } from 'kysely'
import { accessMigrations, createAccess } from '../access/index.ts'
import { auditMigrations, createAudit, createAuditLog, createCredentialUses, createWebhooks } from '../audit/index.ts'
import { createDecisions } from '../decisions/index.ts'
import { type NewServicePrincipal, createCredentials, credentialMigrations } from '../credentials/index.ts'
import { createDirectory, directoryMigrations } from '../directory/index.ts'
import { createIdentity } from '../identity/index.ts'
import { createIssuers } from '../issuers/index.ts'
import { createApp } from '../platform/http/app.ts'
import { listen } from '../platform/http/listener.ts'
import { createLog } from '../platform/log/log.ts'
import { createOutbound } from '../platform/outbound/outbound.ts'
import { openSealer } from '../platform/keys/sealing.ts'
import { signingKeyMigrations } from '../platform/keys/migrations.ts'
import type { DatabaseKind } from '../platform/sql/database.ts'
import { openTestDatabase, usualDatabaseKind } from '../platform/sql/test-database.ts'
import { createImports, importMigrations } from '../imports/index.ts'
import { createDeletionCount, createRegistry, registryMigrations } from '../registry/index.ts'
import { createRegistryActivity, createResources, resourcesMigrations } from '../resources/index.ts'
import { createMemoryBlobStore } from '../storage/index.ts'
import { createTokenService } from '../token-service/index.ts'
import { createManagement } from './surface.ts'

export const tenantId = '20000000-0000-4000-8000-000000000002'
export const subscriptionId = '10000000-0000-4000-8000-000000000001'
export const publicOrigin = 'https://acrux.example:5443'
export const subscriptionScope = `/subscriptions/${subscriptionId}`
export const groupScope = `${subscriptionScope}/resourceGroups/Default`

/** The path, and id, of a registry of the group `Default`. */
export function registryPath(name: string, group = groupScope): string {
  return `${group}/providers/Microsoft.ContainerRegistry/registries/${name}`
}

export const roleGuids = {
  owner: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  contributor: 'b24988ac-6180-42a0-ab88-20f7382dd24c',
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
  acrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d',
  acrPush: '8311e382-0749-4cb8-b61a-304f252e45ec',
} as const

/** The body of a PUT that makes a registry, with changes. */
export function newRegistry(properties: object = {}, rest: object = {}) {
  return { location: 'local', sku: { name: 'Premium' }, properties, ...rest }
}

export type Answer = {
  readonly status: number
  /** The JSON, if it is some. */
  readonly body: unknown
  readonly text: string
  readonly headers: Headers
}

/** What lies in a JSON value at a path of keys and indices; undefined where there is nothing. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  )
}

/** The code of an error document. */
export function codeOf({ body }: Answer): unknown {
  return at(body, 'error', 'code')
}

/** One member of each item of a list. */
export function each({ body }: Answer, ...path: readonly (string | number)[]): unknown[] {
  const items = at(body, 'value')
  if (!Array.isArray(items)) throw new Error('the answer is no list')
  return items.map((item) => at(item, ...path))
}

type CallOptions = { readonly token?: string; readonly headers?: Record<string, string>; readonly raw?: string }

export type AuditRow = {
  readonly action: string
  readonly outcome: string
  readonly actor_kind: string
  readonly actor_id: string
  readonly credential_kind: string | null
  readonly target: string
  readonly reason: string | null
  readonly detail: string | null
  readonly correlation_id: string
}

const allMigrations = [
  ...auditMigrations,
  ...signingKeyMigrations,
  ...resourcesMigrations,
  ...directoryMigrations,
  ...credentialMigrations,
  ...accessMigrations,
  ...registryMigrations,
  ...importMigrations,
]

/**
 * The management API with real modules, a real database and a real socket, and an owner of the subscription. The clock
 * stands still.
 */
export async function openTestManagement(
  kind: DatabaseKind = usualDatabaseKind,
  trustedTenants: readonly string[] = [],
) {
  const { database, dispose: disposeDatabase } = await openTestDatabase(kind, allMigrations)
  const keyDirectory = await mkdtemp(path.join(tmpdir(), 'acrux-test-'))
  const sealer = await openSealer(path.join(keyDirectory, 'master.key'))
  const time = { nowMs: Date.parse('2026-11-24T12:00:00.120Z') }
  const clock = { now: () => time.nowMs }
  const logLines: string[] = []
  const destination = new PassThrough()
  destination.on('data', (line: Buffer) => logLines.push(line.toString()))
  const log = createLog('debug', destination)
  const credentialUses = createCredentialUses({ database, clock })
  const audit = createAudit({ database, clock, uses: credentialUses })
  const resources = createResources({ database, clock, sealer, suffix: '.azurecr.example:5443' })
  const access = createAccess({ database, clock })
  const activity = createRegistryActivity({
    database,
    clock,
    listRegistries: () => resources.listRegistries(subscriptionId),
    storageBytes: async (rid) => (await registry.usage(rid)).sizeBytes,
    retentionDays: 93,
  })
  const directory = createDirectory({
    database,
    clock,
    trustedTenants,
    onPrincipalDeleted: (transaction, objectId) => access.deleteAssignmentsOf(transaction, objectId),
  })
  const credentials = createCredentials({ database, clock, directory, sealer, publicOrigin })
  const shared = { database, clock, log, audit, sealer, credentials, directory, signingKeyRotationDays: 90 }
  const identity = createIdentity({
    ...shared,
    issuers: createIssuers({ credentials, directory, clock }),
    publicOrigin,
  })
  const tokenService = createTokenService({
    ...shared,
    resources,
    identity,
    access,
    scheme: 'https',
    repositoryDeletions: createDeletionCount(database),
  })
  const registry = createRegistry({
    database,
    clock,
    log,
    audit,
    blobs: createMemoryBlobStore({ clock }),
    gate: tokenService.gate,
    registries: { byHost: (host) => resources.findRegistryByHost(host) },
    transfers: { count: activity.countTransfer },
    acceptsSparseImages: false,
  })
  const imports = createImports({ database, clock, log, audit, content: registry.content })
  /** The registries that were there, each time that it was said that they changed. */
  const registryChanges: string[][] = []
  const auditLog = createAuditLog({ database })
  const management = createManagement({
    database,
    clock,
    log,
    audit,
    auditLog,
    auditWebhooks: createWebhooks({ database, clock, sealer }),
    credentialUses,
    explainWebhookUrl: createOutbound({ allowPrivateAddresses: false, allowedNetworks: [] }).explainRefusal,
    resources,
    activity,
    credentials,
    directory,
    identity,
    access,
    decisions: createDecisions({ auditLog, access, directory }),
    tokenService,
    registry,
    imports,
    rotateKeys: async () => {
      await Promise.all([tokenService.rotateKeys(), identity.rotateKeys()])
    },
    withdrawKeys: async (transaction) => {
      await tokenService.withdrawKeys(transaction)
      await identity.withdrawKeys(transaction)
    },
    onRegistriesChanged: async () => {
      registryChanges.push((await resources.listRegistries(subscriptionId)).map(({ name }) => name))
    },
    publicOrigin,
    suffix: '.azurecr.example:5443',
    openApi: () => ({ openapi: '3.1.0' }),
  })

  const createPrincipal = (displayName: string, secretDays = 365): Promise<NewServicePrincipal> =>
    database.transaction((transaction) => credentials.createServicePrincipal(transaction, { displayName, secretDays }))
  const assign = async (principalId: string, roleDefinitionName: string, scope: string): Promise<string> => {
    const name = randomUUID()
    const fixed = { condition: null, conditionVersion: null, createdBy: 'test' }
    const assignment = { name, scope, roleDefinitionName, principalId, ...fixed }
    await database.transaction((transaction) =>
      access.createAssignment(transaction, { ...assignment, principalType: 'ServicePrincipal' }),
    )
    return name
  }
  const owner = await database.transaction(async (transaction) => {
    const tenant = { tenantId, displayName: 'Contoso', defaultDomain: 'contoso.example' }
    await directory.createTenant(transaction, tenant)
    await resources.createSubscription(transaction, { subscriptionId, tenantId, displayName: 'Contoso' })
    await resources.putResourceGroup(transaction, { subscriptionId, name: 'Default', location: 'local', tags: {} })
    return credentials.createServicePrincipal(transaction, { displayName: 'owner', directoryRole: 'owner' })
  })
  await assign(owner.servicePrincipal.objectId, roleGuids.owner, subscriptionScope)

  const app = createApp({ log, trustedProxies: [] })
  registry.mount(app)
  tokenService.mount(app)
  management.mount(app)
  identity.mount(app)
  const listener = await listen(app, { addresses: [{ host: '127.0.0.1', port: 0 }], tls: undefined })
  const base = `http://127.0.0.1:${listener.addresses[0]?.port}`

  const send = async (method: string, url: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(`${base}${url}`, { method, ...init })
    const text = await response.text()
    const isJson = text !== '' && response.headers.get('content-type')?.startsWith('application/json') === true
    return { status: response.status, body: isJson ? JSON.parse(text) : undefined, text, headers: response.headers }
  }
  const tokenFor = async (
    { servicePrincipal, secret }: NewServicePrincipal,
    scope = 'https://management.core.windows.net//.default',
  ): Promise<string> => {
    const form = { grant_type: 'client_credentials', client_id: servicePrincipal.appId, client_secret: secret, scope }
    const answer = await send('POST', `/${tenantId}/oauth2/v2.0/token`, { body: new URLSearchParams(form) })
    if (answer.status !== 200) throw new Error(answer.text)
    return String(at(answer.body, 'access_token'))
  }
  const ownerToken = await tokenFor(owner)
  /** One call of the ARM surface, by the owner unless another token is given; with an `api-version` unless the path has a query. */
  const arm = (method: string, url: string, body?: unknown, options: CallOptions = {}): Promise<Answer> => {
    const { token = ownerToken, headers = {}, raw } = options
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    return send(method, url.includes('?') ? url : `${url}?api-version=2025-03-01-preview`, {
      headers: {
        ...(token !== '' && { authorization: `Bearer ${token}` }),
        ...(payload !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(payload !== undefined && method !== 'GET' && method !== 'HEAD' && { body: payload }),
    })
  }
  /** A principal with one role at one scope, and its token for ARM. */
  const principalWith = async (role: string, scope: string) => {
    const principal = await createPrincipal(`with ${role}`)
    await assign(principal.servicePrincipal.objectId, role, scope)
    return { ...principal, token: await tokenFor(principal) }
  }
  const events = async (): Promise<AuditRow[]> =>
    (await sql<AuditRow>`select * from audit_event order by seq`.execute(database.tables())).rows
  const close = async () => {
    await listener.close(0)
    await app.close()
    await disposeDatabase()
    await rm(keyDirectory, { recursive: true })
  }
  const rooms = { database, resources, access, credentials, directory, identity, registry, management }
  const tools = { app, base, send, arm, tokenFor, createPrincipal, principalWith, assign, events, close }
  return { ...rooms, ...tools, activity, credentialUses, owner, ownerToken, time, logLines, registryChanges }
}
