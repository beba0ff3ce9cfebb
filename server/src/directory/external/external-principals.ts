import { randomUUID } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { createExternalPrincipalStore } from './external-principal-store.ts'
import type {
  ExternalNames,
  ExternalPrincipal,
  KnownExternalPrincipal,
  OnPrincipalDeleted,
  SigningPrincipal,
} from '../principals/model.ts'
import type { ExternalPrincipalRow } from '../principals/rows.ts'

/** The principals of trusted tenants. */
export interface ExternalPrincipals {
  /**
   * Finds a principal by its verified token. The function registers an unknown principal; the registration gives no permission. The result
   * is undefined if the object id belongs to a local principal, to another tenant, or to another kind of principal.
   */
  register(principal: ExternalPrincipal, names: ExternalNames): Promise<KnownExternalPrincipal | undefined>
  /** Registers a principal before its first token. The result is undefined unless the server trusts exactly one tenant. */
  preregister(
    transaction: Transaction,
    objectId: string,
    kind: ExternalPrincipal['kind'],
  ): Promise<SigningPrincipal | undefined>
  /** Removes a principal with its credential and everything that belongs to it in every module. */
  remove(transaction: Transaction, objectId: string): Promise<boolean>
  /** The credential id of a principal; undefined if it is not registered, or its tenant is no longer trusted. */
  credentialIdOf(objectId: string): Promise<string | undefined>
}

export type ExternalPrincipalsOptions = {
  readonly database: Database
  readonly clock: Clock
  /** The tenants whose tokens are accepted, in lower case. */
  readonly trustedTenants: readonly string[]
  readonly onPrincipalDeleted: OnPrincipalDeleted
}

/** Creates the registry of principals of trusted tenants. A principal of a trusted tenant never has the object id of a local principal. */
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
    identity: ExternalPrincipal,
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

  function isKnown(row: ExternalPrincipalRow | undefined, identity: ExternalPrincipal): row is ExternalPrincipalRow {
    return (
      row?.tenant_id === identity.tenantId &&
      row.object_id === identity.objectId &&
      row.kind === identity.kind &&
      trusted.has(row.tenant_id)
    )
  }

  const principals: ExternalPrincipals = {
    credentialIdOf,
    register: async (identity, names) => {
      const present = await store.byId(identity.objectId)
      const row = present ?? (await database.transaction((transaction) => insert(transaction, identity)))
      return isKnown(row, identity)
        ? { principal: toPrincipal(identity, names), credentialId: row.credential_id }
        : undefined
    },
    preregister: async (transaction, objectIdText, kind) => {
      const objectId = parseGuid(objectIdText)
      const [tenantId, ...others] = trustedTenants
      // If the server trusts several tenants, only a token contains the tenant of the principal.
      if (objectId === undefined || tenantId === undefined || others.length > 0) return undefined
      const identity = { tenantId, objectId, kind }
      return isKnown(await insert(transaction, identity), identity) ? nameless(identity) : undefined
    },
    remove: async (transaction, objectId) => {
      transaction.changesAuthority()
      if (!(await store.delete(transaction, objectId))) return false
      await onPrincipalDeleted(transaction, { kind: 'external', objectId })
      return true
    },
  }

  /** The credential id of an external principal. The id is undefined if its tenant is not trusted. */
  async function credentialIdOf(objectId: string): Promise<string | undefined> {
    const row = await store.byId(objectId)
    return row !== undefined && trusted.has(row.tenant_id) ? row.credential_id : undefined
  }

  /** Finds an external principal by its object id. The result has no names, because only tokens contain the names. */
  async function find(objectId: string): Promise<SigningPrincipal | undefined> {
    const row = await store.byId(objectId)
    if (row === undefined || !trusted.has(row.tenant_id)) return undefined
    return nameless({ tenantId: row.tenant_id, objectId, kind: requireKind(row.kind) })
  }

  /** Whether a principal with this object id exists inside the transaction, in this directory or in a trusted tenant. */
  async function has(transaction: Transaction, objectId: string): Promise<boolean> {
    if (await store.isLocal(transaction, objectId)) return true
    const row = await store.find(transaction, objectId)
    return row !== undefined && trusted.has(row.tenant_id)
  }

  return { principals, find, has }
}

function nameless(identity: ExternalPrincipal): SigningPrincipal {
  const { objectId } = identity
  return toPrincipal(identity, { displayName: objectId, userPrincipalName: objectId, appId: objectId })
}

function toPrincipal(
  { objectId, kind }: ExternalPrincipal,
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
        authenticationRevision: 0,
      }
    case 'service-principal':
      return { kind, objectId, appId, displayName, enabled: true }
  }
}

function requireKind(text: string): ExternalPrincipal['kind'] {
  if (text === 'user' || text === 'service-principal') return text
  throw new Error(`unknown kind of external principal: ${text}`)
}
