import type { Clock } from '../platform/process/clock.ts'
import { AuthorityMemory, andThen } from '../platform/memory/authority-memory.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import type { AnonymousAccessRow, AnonymousAccessStore } from './anonymous-access-store.ts'
import { type Author, type Authorship, authorshipAfter } from './authorship.ts'
import { type RegistryRights, anonymousRights, noRights } from './repository-rights.ts'
import { rightsOfStoredScopeMap } from './scope-map-rights.ts'

/** The scope map that says what anybody may read of a registry. */
export type AnonymousScopeMap = {
  /** The ARM id of the scope map as it was sent. */
  readonly scopeMapId: string
  readonly authorship: Authorship
}

/**
 * What anybody may read of a registry whose anonymous pull is off: the repositories that a scope map of it names. ACR has
 * no such thing.
 */
export interface AnonymousAccess {
  /** With a transaction, what that sees. */
  find(rid: string, transaction?: Transaction): Promise<AnonymousScopeMap | undefined>
  /** The caller sees to it that the scope map is there. */
  put(
    transaction: Transaction,
    rid: string,
    map: { readonly scopeMapName: string; readonly scopeMapId: string },
    author: Author,
  ): Promise<{ readonly map: AnonymousScopeMap; readonly created: boolean }>
  /** Gives false when there was none. */
  delete(transaction: Transaction, rid: string): Promise<boolean>
  /** Whether there is one, for the hot path. */
  isGiven(rid: string): boolean | Promise<boolean>
}

/** How many registries are remembered, those without a scope map too: every change moves the revision. */
const memoryLimit = 1_000

/** Opens the anonymous access, and gives beside it what anybody may do in a registry. */
export function createAnonymousAccess(
  database: Database,
  store: AnonymousAccessStore,
  clock: Clock,
): AnonymousAccess & { readonly rightsIn: (rid: string) => RegistryRights | Promise<RegistryRights> } {
  const memory = new AuthorityMemory<RegistryRights>(memoryLimit)

  function rightsIn(rid: string): RegistryRights | Promise<RegistryRights> {
    return andThen(database.authorityRevision(), (revision) => {
      const known = memory.recall(revision, rid, clock.now())
      if (known !== undefined) return known
      return andThen(store.actionsOf(rid), (row) => {
        const rights = row === undefined ? noRights : readingAlone(rightsOfStoredScopeMap(row))
        memory.keep(revision, rid, rights, Infinity)
        return rights
      })
    })
  }

  return {
    rightsIn,
    isGiven: (rid) => andThen(rightsIn(rid), (rights) => rights !== noRights),
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

/** Of a scope map what anybody may where anonymous pull is on: whatever else it allows, nobody writes without a name. */
function readingAlone(rights: RegistryRights): RegistryRights {
  return {
    allows: (right, repository) => anonymousRights.allows(right, repository) && rights.allows(right, repository),
  }
}

function toMap(row: AnonymousAccessRow): AnonymousScopeMap {
  return { scopeMapId: row.scope_map_id, authorship: JSON.parse(row.authorship) as Authorship }
}
