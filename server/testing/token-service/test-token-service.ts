import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { accessMigrations, createAccess } from '../../src/authorization/index.ts'
import { auditMigrations, createAudit, createCredentialUses } from '../../src/audit/index.ts'
import { createCredentials, credentialMigrations } from '../../src/credentials/index.ts'
import { createDirectory, directoryMigrations } from '../../src/directory/index.ts'
import { createIdentity } from '../../src/identity/index.ts'
import { createIssuers } from '../../src/issuers/index.ts'
import { createApp } from '../../src/platform/http/app.ts'
import { createLog } from '../../src/platform/log/log.ts'
import type { Outbound } from '../../src/platform/outbound/outbound.ts'
import { openSealer } from '../../src/platform/keys/sealing.ts'
import { signingKeyMigrations } from '../../src/platform/keys/migrations.ts'
import type { DatabaseKind } from '../../src/platform/sql/database.ts'
import { openTestDatabase, usualDatabaseKind } from '../platform/test-database.ts'
import { type Registry, createResources, resourcesMigrations } from '../../src/resources/index.ts'
import { requireSchema } from './test-response-schema.ts'
import { type TokenService, createTokenService } from '../../src/token-service/token-service.ts'

const origin = { correlationId: 'test', remoteAddress: '127.0.0.1', userAgent: undefined }
const subscriptionId = '10000000-0000-4000-8000-000000000001'
const tenantId = '20000000-0000-4000-8000-000000000002'
const author = { name: 'test', kind: 'Application' } as const

export const roles = {
  owner: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  acrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d',
  acrPush: '8311e382-0749-4cb8-b61a-304f252e45ec',
} as const

const migrations = [
  ...auditMigrations,
  ...signingKeyMigrations,
  ...resourcesMigrations,
  ...directoryMigrations,
  ...credentialMigrations,
  ...accessMigrations,
]

/** The issuers that the exchange trusts in addition to the server's own provider. */
export type TestTrust = {
  readonly outbound: Outbound
  readonly trustedTenants?: readonly { readonly tenantId: string; readonly authorityHost: string }[]
}

type Modules = Awaited<ReturnType<typeof openModules>>

/** The token service with real modules, a real database, one registry, and a clock that tests can set. */
export async function openTestTokenService(t: TestContext, kind: DatabaseKind = usualDatabaseKind, trust?: TestTrust) {
  const { dispose, ...modules } = await openModules(kind, trust)
  const { service, identity, log, deletions } = modules
  await createTenant(modules)
  const app = createApp({ log, trustedProxies: [] })
  service.mount(app)
  identity.mount(app)
  await app.ready()
  // A new key increases the authority revision, so the server does not return a cached token from an earlier revision.
  await identity.signingKey()
  await service.signingKey()
  t.after(async () => {
    await app.close()
    await dispose()
  })
  const changes = changesOf(modules)
  return {
    ...modules,
    ...changes,
    ...requestsTo(app, service),
    app,
    gate: service.gate,
    repositoryDeletions: () => Promise.resolve(deletions.count),
    registry: await changes.createRegistry('contoso'),
  }
}

async function openModules(kind: DatabaseKind, trust: TestTrust | undefined) {
  const directoryPath = await mkdtemp(path.join(tmpdir(), 'acrux-token-service-'))
  const { database, dispose } = await openTestDatabase(kind, migrations)
  const time = { nowMs: Date.parse('2026-11-24T12:00:00Z') }
  const clock = { now: () => time.nowMs }
  const logLines: string[] = []
  const log = createLog('debug', { write: (line) => void logLines.push(line) })
  const sealer = await openSealer(path.join(directoryPath, 'master.key'))
  const publicOrigin = 'https://contoso.example'
  const credentialUses = createCredentialUses({ database, clock })
  const audit = createAudit({ database, clock, uses: credentialUses })
  const resources = createResources({ database, clock, sealer, suffix: '.example' })
  const access = createAccess({ database, clock })
  const directory = createDirectory({
    database,
    clock,
    trustedTenants: (trust?.trustedTenants ?? []).map((tenant) => tenant.tenantId),
    onPrincipalDeleted: (transaction, objectId) => access.deleteAssignmentsOf(transaction, objectId),
    subscriptionOwners: (transaction) => access.subscriptionOwners(transaction),
  })
  const credentials = createCredentials({ database, clock, directory, sealer, publicOrigin })
  const issuers = createIssuers({ credentials, directory, clock, ...trust })
  const basis = { database, clock, log, sealer, audit, credentials, directory, signingKeyRotationDays: 90 }
  const identity = createIdentity({ ...basis, issuers, publicOrigin })
  const deletions = { count: 0 }
  const service = createTokenService({
    ...basis,
    resources,
    identity,
    access,
    scheme: 'https',
    repositoryDeletions: () => Promise.resolve(deletions.count),
  })
  return {
    database,
    time,
    clock,
    log,
    logLines,
    sealer,
    credentialUses,
    audit,
    resources,
    access,
    directory,
    credentials,
    identity,
    deletions,
    service,
    dispose: async () => {
      await dispose()
      await rm(directoryPath, { recursive: true })
    },
  }
}

function changesOf({ database, resources, credentials, access, deletions }: Omit<Modules, 'dispose'>) {
  return {
    createRegistry: (name: string): Promise<Registry> =>
      database.transaction((transaction) =>
        resources.createRegistry(transaction, {
          subscriptionId,
          resourceGroup: 'default',
          name,
          location: 'local',
          change: {},
          author,
        }),
      ),
    update: (registry: Registry, change: Parameters<typeof resources.updateRegistry>[2]) =>
      database.transaction((transaction) => resources.updateRegistry(transaction, registry.rid, change, author)),
    createPrincipal: (displayName: string, secretDays = 365) =>
      database.transaction((transaction) =>
        credentials.createServicePrincipal(transaction, { displayName, secretDays }),
      ),
    assign: async (principalId: string, roleDefinitionName: string, scope: string): Promise<string> => {
      const name = randomUUID()
      await database.transaction((transaction) =>
        access.createAssignment(transaction, {
          name,
          scope,
          roleDefinitionName,
          principalId,
          principalType: 'ServicePrincipal',
          condition: null,
          conditionVersion: null,
          createdBy: 'test',
        }),
      )
      return name
    },
    /** Counts a deleted repository. */
    countDeletion: async () => {
      deletions.count += 1
      await database.transaction((transaction) => Promise.resolve(transaction.changesAuthority()))
    },
    adminPasswords: async (registry: Registry) => {
      const passwords = await resources.readAdminPasswords(registry.rid)
      if (passwords === undefined) throw new Error('the registry has no admin passwords')
      return passwords
    },
    auditRows: () =>
      database
        .tables<{
          audit_event: {
            action: string
            outcome: string
            actor_id: string
            reason: string | null
            correlation_id: string
          }
        }>()
        .selectFrom('audit_event')
        .selectAll()
        .execute(),
  }
}

function requestsTo(app: FastifyInstance, { gate, routes }: TokenService) {
  const socket = {}
  return {
    /** Sends one request to a surface, without a socket. Responses of the token service must match their schemas. */
    inject: async (options: {
      readonly method: 'GET' | 'POST' | 'DELETE'
      readonly url: string
      readonly form?: Readonly<Record<string, string>>
      readonly body?: string
      readonly headers?: Readonly<Record<string, string>>
      readonly host?: string
    }) => {
      const response = await app.inject({
        method: options.method,
        url: options.url,
        headers: {
          host: options.host ?? 'contoso.example',
          ...(options.form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
          ...options.headers,
        },
        ...(options.body === undefined ? {} : { payload: options.body }),
        ...(options.form === undefined ? {} : { payload: new URLSearchParams(options.form).toString() }),
      })
      const { method, url } = options
      requireSchema(routes, { method, url, status: response.statusCode, body: response.body })
      return response
    },
    /** The decision of the gate about one header: `ok`, the `error` of the challenge, `basic`, or `none`. */
    ask: async (registry: Registry, authorization: string | undefined, repository: string, ...actions: string[]) => {
      const headers = authorization === undefined ? {} : { authorization }
      const need = { kind: 'repository', repository, actions } as const
      // All callers share one connection, as behind a proxy.
      const admission = await gate.admit({ headers, socket } as IncomingMessage, origin, registry, {
        need,
        rate: 'read',
      })
      if (admission.admitted) return 'ok'
      const challenge = admission.denial.challenge ?? ''
      return challenge.startsWith('Basic') ? 'basic' : (/error="(\w+)"/.exec(challenge)?.[1] ?? 'none')
    },
  }
}

async function createTenant({ database, directory, resources }: Omit<Modules, 'dispose'>): Promise<void> {
  await database.transaction(async (transaction) => {
    await directory.createTenant(transaction, { tenantId, displayName: 'Test', defaultDomain: 'contoso.example' })
    await resources.createSubscription(transaction, { subscriptionId, tenantId, displayName: 'Test' })
    await resources.putResourceGroup(transaction, { subscriptionId, name: 'default', location: 'local', tags: {} })
  })
}

/** The value of an `Authorization` header for Basic authentication. */
export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
