import type { Clock } from '../platform/process/clock.ts'
import type { Transaction } from '../platform/sql/database.ts'
import { type Author, type Authorship, authorshipAfter } from './authorship.ts'
import { ScopeMapInUseError } from './errors.ts'
import type { ScopeMapRow, ScopeMapStore } from './scope-map-store.ts'
import { type SystemScopeMap, findSystemScopeMap, systemScopeMaps } from './system-scope-maps.ts'

/** A scope map that somebody made. */
export type UserScopeMap = {
  readonly kind: 'UserDefined'
  readonly name: string
  readonly description: string | undefined
  /** As {@link formatScopeMapAction} writes them. */
  readonly actions: readonly string[]
  readonly authorship: Authorship
}

export type ScopeMap = SystemScopeMap | UserScopeMap

/** The scope maps of each registry: those that every one has, and those that were made. Names differ in more than case. */
export interface ScopeMaps {
  /** All of a registry, in the order of their names, the system's first. */
  list(rid: string): Promise<ScopeMap[]>
  /** With a transaction, what that sees. */
  find(rid: string, name: string, transaction?: Transaction): Promise<ScopeMap | undefined>
  /** How many were made, without the system's. */
  count(rid: string, transaction?: Transaction): Promise<number>
  /** Makes a scope map, or replaces what is there of that name. The caller sees to it that it is not one of the system's. */
  put(
    transaction: Transaction,
    rid: string,
    map: Pick<UserScopeMap, 'name' | 'description' | 'actions'>,
    author: Author,
  ): Promise<{ readonly map: UserScopeMap; readonly created: boolean }>
  /**
   * Gives false when there is none.
   *
   * @throws ScopeMapInUseError where a scoped token has it, since that would be left without.
   */
  delete(transaction: Transaction, rid: string, name: string): Promise<boolean>
}

/** Opens the scope maps. `usersOf` gives the names of what uses a map, some of them if there are many. */
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
