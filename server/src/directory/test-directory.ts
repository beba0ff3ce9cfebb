import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { auditMigrations, createAudit } from '../audit/index.ts'
import type { Clock } from '../platform/clock.ts'
import { createApp } from '../platform/http/app.ts'
import { listen } from '../platform/http/listener.ts'
import { createLog } from '../platform/log.ts'
import { openSealer } from '../platform/sealing.ts'
import type { Database, DatabaseKind } from '../platform/sql/database.ts'
import { openTestDatabase } from '../platform/sql/test-database.ts'
import {
  type Directory,
  type NewServicePrincipal,
  type User,
  createDirectory,
  directoryMigrations,
  unauthenticated,
} from './index.ts'

export const testTenantId = '3d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11'
/** A tenant whose principals are known by their object ids. */
export const testTrustedTenantId = '72f988bf-0000-4000-8000-2d7cd011db47'
export const testOrigin = 'https://directory.example'

export type TestDirectory = {
  readonly database: Database
  readonly directory: Directory
  readonly time: { nowMs: number }
  readonly clock: Clock
  /** The principals whose end was told to other rooms. */
  readonly deletedPrincipals: string[]
  readonly owner: NewServicePrincipal
  readonly alice: User
  readonly dispose: () => Promise<void>
}

type Answer = { readonly status: number; readonly body: Record<string, unknown>; readonly headers: Headers }

/** Speaks to the Graph surface as somebody. */
export type GraphClient = (method: string, path: string, body?: unknown) => Promise<Answer>

/** A directory on a real database, with a tenant, an owner service principal and an owner user; time stands still. */
export async function openTestDirectory(kind: DatabaseKind = 'sqlite'): Promise<TestDirectory> {
  const { database, dispose: disposeDatabase } = await openTestDatabase(kind, [
    ...auditMigrations,
    ...directoryMigrations,
  ])
  const keyDirectory = await mkdtemp(path.join(tmpdir(), 'acrux-directory-'))
  const sealer = await openSealer(path.join(keyDirectory, 'master.key'))
  const dispose = async () => {
    await disposeDatabase()
    await rm(keyDirectory, { recursive: true })
  }
  const time = { nowMs: Date.parse('2026-03-01T12:00:00Z') }
  const clock = { now: () => time.nowMs }
  const deletedPrincipals: string[] = []
  const directory = createDirectory({
    database,
    clock,
    audit: createAudit({ database, clock }),
    log: createLog('silent'),
    sealer,
    publicOrigin: testOrigin,
    trustedTenants: [testTrustedTenantId],
    onPrincipalDeleted: async (_transaction, objectId) => {
      deletedPrincipals.push(objectId)
      return []
    },
  })
  const { owner, alice } = await database.transaction(async (transaction) => {
    const tenant = { tenantId: testTenantId, displayName: 'Contoso', defaultDomain: 'contoso.example' }
    await directory.createTenant(transaction, tenant)
    const user = { userPrincipalName: 'Alice@contoso.example', displayName: 'Alice', password: 'a long password' }
    return {
      alice: await directory.createUser(transaction, { ...user, directoryRole: 'owner' }),
      owner: await directory.createServicePrincipal(transaction, { displayName: 'owner', directoryRole: 'owner' }),
    }
  })
  return { database, directory, time, clock, deletedPrincipals, owner, alice, dispose }
}

/** The Graph surface on a socket. The bearer token is the caller's object id: how it is proved is another room's matter. */
export async function serveGraph({ directory }: TestDirectory) {
  const log: string[] = []
  const destination = new PassThrough()
  destination.on('data', (line: Buffer) => log.push(line.toString()))
  const app = createApp({ log: createLog('info', destination), trustedProxies: [] })
  directory.mountGraph(app, async (authorization) => {
    const principal = await directory.findPrincipal(authorization?.slice('Bearer '.length) ?? '')
    if (principal === undefined || principal.kind === 'group') throw unauthenticated()
    return { principal }
  })
  const listener = await listen(app, { addresses: [{ host: '127.0.0.1', port: 0 }], tls: undefined })
  const port = listener.addresses[0]?.port

  const as =
    (objectId: string | undefined): GraphClient =>
    async (method, path, body) => {
      const response = await fetch(`http://127.0.0.1:${port}/graph/v1.0${path}`, {
        method,
        headers: {
          ...(objectId === undefined ? {} : { authorization: `Bearer ${objectId}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers }
    }
  const close = async () => {
    await listener.close(0)
    await app.close()
  }
  return { as, close, log }
}
