import { randomUUID } from 'node:crypto'
import type { Clock } from '../platform/clock.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import { parseGuid } from '../spec/guid.ts'
import { type ExternalPrincipalRow, createExternalPrincipalStore } from './external-principal-store.ts'
import type { DirectoryPrincipal, ExternalIdentity, ExternalPrincipals, KnownExternalPrincipal } from './index.ts'

export type ExternalPrincipalsOptions = {
  readonly database: Database
  readonly clock: Clock
  /** The tenants whose tokens are accepted, in lower case. */
  readonly trustedTenants: readonly string[]
}

/** The principals of trusted tenants. Their object ids are ids of nobody here, and of one tenant each. */
export function createExternalPrincipals({ database, clock, trustedTenants }: ExternalPrincipalsOptions) {
  const store = createExternalPrincipalStore(database)
  const trusted = new Set(trustedTenants)

  async function insert(
    transaction: Transaction,
    identity: ExternalIdentity,
  ): Promise<ExternalPrincipalRow | undefined> {
    const { tenantId, objectId, kind } = identity
    if (!trusted.has(tenantId) || (await store.isLocal(transaction, objectId))) return undefined
    const row: ExternalPrincipalRow = {
      object_id: objectId,
      tenant_id: tenantId,
      kind,
      credential_id: randomUUID(),
      created_at_ms: clock.now(),
    }
    return (await store.insert(transaction, row)) ? row : store.find(transaction, objectId)
  }

  function known(
    row: ExternalPrincipalRow | undefined,
    identity: ExternalIdentity,
  ): KnownExternalPrincipal | undefined {
    const isSame =
      row !== undefined &&
      row.tenant_id === identity.tenantId &&
      row.object_id === identity.objectId &&
      row.kind === identity.kind
    return isSame && trusted.has(row.tenant_id) ? { ...identity, credentialId: row.credential_id } : undefined
  }

  const principals: ExternalPrincipals = {
    meet: async (identity) => {
      const present = await store.byId(identity.objectId)
      if (present !== undefined) return known(present, identity)
      const row = await database.transaction((transaction) => insert(transaction, identity))
      return known(row, identity)
    },
    foresee: async (transaction, objectIdText, kind) => {
      const objectId = parseGuid(objectIdText)
      const [tenantId, ...others] = trustedTenants
      // Of several tenants it could be either's: it is known when it has come once.
      if (objectId === undefined || tenantId === undefined || others.length > 0) return undefined
      const row = await insert(transaction, { tenantId, objectId, kind })
      return known(row, { tenantId, objectId, kind })
    },
    forget: async (transaction, objectId) => {
      transaction.changesAuthority()
      return store.delete(transaction, objectId)
    },
  }

  /** Until when the credential of an external principal stands by itself. */
  async function standsUntilMs(objectId: string, credentialId: string): Promise<number | undefined> {
    const row = await store.byId(objectId)
    const stands = row?.credential_id === credentialId && trusted.has(row.tenant_id)
    return stands ? Number.POSITIVE_INFINITY : undefined
  }

  /** An external principal as a principal; what it is called is known from its tokens alone. */
  async function find(objectId: string): Promise<DirectoryPrincipal | undefined> {
    const row = await store.byId(objectId)
    if (row === undefined || !trusted.has(row.tenant_id)) return undefined
    return toPrincipal({ tenantId: row.tenant_id, objectId, kind: requireKind(row.kind) })
  }

  return { principals, standsUntilMs, find }
}

function toPrincipal({ objectId, kind }: ExternalIdentity): DirectoryPrincipal {
  switch (kind) {
    case 'user':
      return {
        kind,
        objectId,
        userPrincipalName: objectId,
        displayName: objectId,
        enabled: true,
        mail: undefined,
        external: true,
      }
    case 'service-principal':
      return { kind, objectId, appId: objectId, displayName: objectId, enabled: true }
  }
}

function requireKind(text: string): ExternalIdentity['kind'] {
  if (text === 'user' || text === 'service-principal') return text
  throw new Error(`there is no kind of external principal called ${text}`)
}
