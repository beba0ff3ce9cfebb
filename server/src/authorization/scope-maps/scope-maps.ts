import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { Author } from '@acrux/shared/standards/azure/author.ts'
import { type Authorship, authorshipAfter } from '../rights/authorship.ts'
import { ScopeMapInUseError } from './errors.ts'
import type { ScopeMapStore } from './scope-map-store.ts'
import type { ScopeMapRow } from './rows.ts'
import { type SystemScopeMap, findSystemScopeMap, systemScopeMaps } from './system-scope-maps.ts'

/** A user-defined scope map. */
export type UserScopeMap = {
  readonly kind: 'UserDefined'
  readonly name: string
  readonly description: string | undefined
  /** In the form of {@link formatScopeMapAction}. */
  readonly actions: readonly string[]
  readonly authorship: Authorship
}

export type ScopeMap = SystemScopeMap | UserScopeMap

/** The scope maps of each registry: system-defined and user-defined. Names are case-insensitive. */
export interface ScopeMaps {
  /** All scope maps of a registry by name, with the system-defined scope maps first. */
  list(rid: string): Promise<ScopeMap[]>
  /** With a transaction, as the transaction sees it. */
  find(rid: string, name: string, transaction?: Transaction): Promise<ScopeMap | undefined>
  /** The number of user-defined scope maps. */
  count(rid: string, transaction?: Transaction): Promise<number>
  /** Creates or replaces a scope map. The caller ensures that no system-defined scope map has the name. */
  put(
    transaction: Transaction,
    rid: string,
    map: Pick<UserScopeMap, 'name' | 'description' | 'actions'>,
    author: Author,
  ): Promise<{ readonly map: UserScopeMap; readonly created: boolean }>
  /**
   * Returns false if the scope map does not exist.
   *
   * @throws ScopeMapInUseError if a scoped token or anonymous access uses it
   */
  delete(transaction: Transaction, rid: string, name: string): Promise<boolean>
}

/** Creates the scope maps. `usersOf` returns names of users of a scope map. The list may be incomplete. */
export function createScopeMaps(
  store: ScopeMapStore,
  clock: Clock,
  usersOf: (transaction: Transaction, rid: string, nameKey: string) => Promise<readonly string[]>,
): ScopeMaps {
  async function find(rid: string, name: string, transaction?: Transaction): Promise<ScopeMap | undefined> {
    const row = await store.find(transaction, rid, name.toLowerCase())
    return row === undefined ? findSystemScopeMap(name) : toScopeMap(row)
  }

  return {
    list: async (rid) => [...systemScopeMaps, ...(await store.list(rid)).map(toScopeMap)],
    find,
    count: (rid, transaction) => store.count(transaction, rid),
    put: async (transaction, rid, { name, description, actions }, author) => {
      const nameKey = name.toLowerCase()
      const present = await store.find(transaction, rid, nameKey)
      if (present !== undefined) transaction.changesAuthority()
      const before = present && toScopeMap(present)
      const row: ScopeMapRow = {
        rid,
        name_key: nameKey,
        name: before?.name ?? name,
        description: description ?? null,
        actions: JSON.stringify(actions),
        authorship: JSON.stringify(authorshipAfter(before?.authorship, author, clock.now())),
      }
      await store.put(transaction, row)
      return { map: toScopeMap(row), created: before === undefined }
    },
    delete: async (transaction, rid, name) => {
      const nameKey = name.toLowerCase()
      if ((await store.find(transaction, rid, nameKey)) === undefined) return false
      const users = await usersOf(transaction, rid, nameKey)
      if (users.length > 0) throw new ScopeMapInUseError(users)
      transaction.changesAuthority()
      await store.remove(transaction, rid, nameKey)
      return true
    },
  }
}

function toScopeMap(row: ScopeMapRow): UserScopeMap {
  return {
    kind: 'UserDefined',
    name: row.name,
    description: row.description ?? undefined,
    actions: JSON.parse(row.actions) as string[],
    authorship: JSON.parse(row.authorship) as Authorship,
  }
}
