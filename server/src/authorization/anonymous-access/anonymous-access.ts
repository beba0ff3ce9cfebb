import type { Clock } from '../../platform/process/clock.ts'
import { RevisionCache } from '../../platform/memory/revision-cache.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { AnonymousAccessStore } from './anonymous-access-store.ts'
import type { AnonymousAccessRow } from './rows.ts'
import type { Author } from '@acrux/shared/standards/azure/author.ts'
import { type Authorship, authorshipAfter } from '../rights/authorship.ts'
import { type RegistryRights, anonymousRights, noRights } from '../rights/repository-rights.ts'
import { rightsOfStoredScopeMap } from '../scope-maps/scope-map-rights.ts'

/** The scope map of anonymous access to a registry. */
export type AnonymousScopeMap = {
  /** The ARM id of the scope map, unchanged. */
  readonly scopeMapId: string
  readonly authorship: Authorship
}

/**
 * Anonymous access to the repositories that a scope map of the registry names, for registries without anonymous pull.
 * This is an extension of ACR.
 */
export interface AnonymousAccess {
  /** With a transaction, the result includes the changes of the transaction. */
  find(rid: string, transaction?: Transaction): Promise<AnonymousScopeMap | undefined>
  /** The caller ensures that the scope map exists. */
  put(
    transaction: Transaction,
    rid: string,
    map: { readonly scopeMapName: string; readonly scopeMapId: string },
    author: Author,
  ): Promise<{ readonly map: AnonymousScopeMap; readonly created: boolean }>
  /** Returns false if there was no anonymous access. */
  delete(transaction: Transaction, rid: string): Promise<boolean>
  /** Whether the registry has a scope map of anonymous access. Cached. */
  isGiven(rid: string): Promise<boolean>
}

/**
 * The number of cached registries, including registries without a scope map. Every change moves the revision. The check
 * takes 1 µs with the cache and 12 µs without.
 */
const maxCachedRegistries = 1_000

/** Creates the anonymous access, and the rights of anonymous callers at a registry. */
export function createAnonymousAccess(
  database: Database,
  store: AnonymousAccessStore,
  clock: Clock,
): AnonymousAccess & { readonly rightsIn: (rid: string) => Promise<RegistryRights> } {
  const cached = new RevisionCache<RegistryRights>(maxCachedRegistries)

  async function rightsIn(rid: string): Promise<RegistryRights> {
    const revision = await database.authorityRevision()
    const known = cached.get(revision, rid, clock.now())
    if (known !== undefined) return known
    const row = await store.scopeMapOf(rid)
    const rights = row === undefined ? noRights : onlyReading(rightsOfStoredScopeMap(row))
    cached.set(revision, rid, rights, Infinity)
    return rights
  }

  return {
    rightsIn,
    isGiven: async (rid) => (await rightsIn(rid)) !== noRights,
    find: async (rid, transaction) => {
      const row = await store.find(transaction, rid)
      return row === undefined ? undefined : toMap(row)
    },
    put: async (transaction, rid, { scopeMapName, scopeMapId }, author) => {
      transaction.changesAuthority()
      const present = await store.find(transaction, rid)
      const row: AnonymousAccessRow = {
        rid,
        scope_map_key: scopeMapName.toLowerCase(),
        scope_map_id: scopeMapId,
        authorship: JSON.stringify(authorshipAfter(present && toMap(present).authorship, author, clock.now())),
      }
      await store.put(transaction, row)
      return { map: toMap(row), created: present === undefined }
    },
    delete: async (transaction, rid) => {
      if ((await store.find(transaction, rid)) === undefined) return false
      transaction.changesAuthority()
      await store.remove(transaction, rid)
      return true
    },
  }
}

/** Limits the rights of a scope map to those of anonymous pull: anonymous callers never write. */
function onlyReading(rights: RegistryRights): RegistryRights {
  return {
    ...rights,
    allows: (right, repository) => anonymousRights.allows(right, repository) && rights.allows(right, repository),
  }
}

function toMap(row: AnonymousAccessRow): AnonymousScopeMap {
  return { scopeMapId: row.scope_map_id, authorship: JSON.parse(row.authorship) as Authorship }
}
