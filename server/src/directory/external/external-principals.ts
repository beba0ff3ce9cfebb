import { randomUUID } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import { parseGuid } from '../../standards/azure/guid.ts'
import { createExternalPrincipalStore } from './external-principal-store.ts'
import type { ExternalPrincipalRow } from '../tables.ts'
import type {
  OnPrincipalDeleted,
  ExternalIdentity,
  ExternalNames,
  SigningPrincipal,
  KnownExternalPrincipal,
} from '../model.ts'

/** The principals of trusted tenants. */
export interface ExternalPrincipals {
  /**
   * Finds somebody whose token held, and puts them on record at the first time, which gives no rights. Undefined where
   * the object id is somebody's here, of another tenant, or of another kind.
   */
  meet(identity: ExternalIdentity, names: ExternalNames): Promise<KnownExternalPrincipal | undefined>
  /** Puts somebody on record who has not come yet, if there is one trusted tenant that they can only be of. */
  foresee(
    transaction: Transaction,
    objectId: string,
    kind: ExternalIdentity['kind'],
  ): Promise<SigningPrincipal | undefined>
  /** Takes somebody off the record: what was got by their tokens holds no more, nor does what they were given. */
  forget(transaction: Transaction, objectId: string): Promise<boolean>
}

export type ExternalPrincipalsOptions = {
  readonly database: Database
  readonly clock: Clock
  /** The tenants whose tokens are accepted, in lower case. */
  readonly trustedTenants: readonly string[]
  readonly onPrincipalDeleted: OnPrincipalDeleted
}

/** The principals of trusted tenants. Their object ids are ids of nobody here, and of one tenant each. */
export function createExternalPrincipals({
  database,
  clock,
  trustedTenants,
  onPrincipalDeleted,
}: ExternalPrincipalsOptions) {
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

  function isKnown(row: ExternalPrincipalRow | undefined, identity: ExternalIdentity): row is ExternalPrincipalRow {
    return (
      row?.tenant_id === identity.tenantId &&
      row.object_id === identity.objectId &&
      row.kind === identity.kind &&
      trusted.has(row.tenant_id)
    )
  }

  const principals: ExternalPrincipals = {
    meet: async (identity, names) => {
      const present = await store.byId(identity.objectId)
      const row = present ?? (await database.transaction((transaction) => insert(transaction, identity)))
      return isKnown(row, identity)
        ? { principal: toPrincipal(identity, names), credentialId: row.credential_id }
        : undefined
    },
    foresee: async (transaction, objectIdText, kind) => {
      const objectId = parseGuid(objectIdText)
      const [tenantId, ...others] = trustedTenants
      // Of several tenants it could be either's: it is known when it has come once.
      if (objectId === undefined || tenantId === undefined || others.length > 0) return undefined
      const identity = { tenantId, objectId, kind }
      return isKnown(await insert(transaction, identity), identity) ? nameless(identity) : undefined
    },
    forget: async (transaction, objectId) => {
      transaction.changesAuthority()
      if (!(await store.delete(transaction, objectId))) return false
      await onPrincipalDeleted(transaction, objectId)
      return true
    },
  }

  /** Until when the credential of an external principal stands by itself. */
  async function standsUntilMs(objectId: string, credentialId: string): Promise<number | undefined> {
    const row = await store.byId(objectId)
    const stands = row?.credential_id === credentialId && trusted.has(row.tenant_id)
    return stands ? Number.POSITIVE_INFINITY : undefined
  }

  /** An external principal as a principal. What it is called is known from its tokens alone. */
  async function find(objectId: string): Promise<SigningPrincipal | undefined> {
    const row = await store.byId(objectId)
    if (row === undefined || !trusted.has(row.tenant_id)) return undefined
    return nameless({ tenantId: row.tenant_id, objectId, kind: requireKind(row.kind) })
  }

  /** Whether the transaction sees somebody of this object id, of our own directory or of a trusted tenant. */
  async function holds(transaction: Transaction, objectId: string): Promise<boolean> {
    if (await store.isLocal(transaction, objectId)) return true
    const row = await store.find(transaction, objectId)
    return row !== undefined && trusted.has(row.tenant_id)
  }

  return { principals, standsUntilMs, find, holds }
}

function nameless(identity: ExternalIdentity): SigningPrincipal {
  const { objectId } = identity
  return toPrincipal(identity, { displayName: objectId, userPrincipalName: objectId, appId: objectId })
}

function toPrincipal(
  { objectId, kind }: ExternalIdentity,
  { displayName, userPrincipalName, appId }: ExternalNames,
): SigningPrincipal {
  switch (kind) {
    case 'user':
      return {
        kind,
        objectId,
        userPrincipalName,
        displayName,
        enabled: true,
        mail: undefined,
        external: true,
        mustChangePassword: false,
        proofRevision: 0,
      }
    case 'service-principal':
      return { kind, objectId, appId, displayName, enabled: true }
  }
}

function requireKind(text: string): ExternalIdentity['kind'] {
  if (text === 'user' || text === 'service-principal') return text
  throw new Error(`there is no kind of external principal called ${text}`)
}
