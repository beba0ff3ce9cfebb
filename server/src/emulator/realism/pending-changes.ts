const second = 1000
const minute = 60 * second

/**
 * How long a change takes to arrive, in milliseconds, as the documents of Azure say. docs/reference/emulator-faults.md has the
 * source of each.
 */
export const delaysMs = {
  /** A new or deleted role assignment, in decisions of Resource Manager. */
  'assignment-in-management': 10 * minute,
  /** A new or deleted role assignment, in decisions of the token service of a registry. */
  'assignment-in-registries': 10 * minute,
  /** The same, for a principal that has signed in to the registry since. */
  'assignment-after-sign-in': minute,
  /** The membership of a managed identity in a group. */
  membership: 24 * 60 * minute,
  /** A regenerated password of the admin account or of a token. */
  password: 60 * second,
  /** A new resource, when it is read. */
  resource: 5 * second,
  /** A new principal, when a role is assigned to it without its type. */
  principal: 20 * second,
} as const

/** The kinds of changes. */
type ChangeKind = 'assignment' | 'deletion' | 'membership' | 'password' | 'resource' | 'principal' | 'sign-in'

/** The longest time for which a change of a kind matters. */
const relevantMs: Readonly<Record<ChangeKind, number>> = {
  assignment: delaysMs['assignment-in-management'],
  deletion: delaysMs['assignment-in-management'],
  membership: delaysMs.membership,
  password: delaysMs.password,
  resource: delaysMs.resource,
  principal: delaysMs.principal,
  'sign-in': delaysMs['assignment-in-registries'],
}

/** The number of changes that are kept. The oldest ones are taken as arrived. */
const maxChanges = 10_000

type Entry = readonly [key: string, atMs: number]

/** The latest changes that have not arrived everywhere, by kind and key. */
export class PendingChanges {
  #atMs = new Map<string, number>()

  /** Records a change at a time. */
  note(kind: ChangeKind, key: string, nowMs: number): void {
    const entry = entryKey(kind, key)
    // At the end, so that the oldest ones come first.
    this.#atMs.delete(entry)
    this.#atMs.set(entry, nowMs)
    const [oldest] = this.#atMs.keys()
    if (this.#atMs.size > maxChanges && oldest !== undefined) this.#atMs.delete(oldest)
  }

  /** When a change was made; undefined if it has arrived everywhere, or was not recorded. */
  find(kind: ChangeKind, key: string, nowMs: number): number | undefined {
    const atMs = this.#atMs.get(entryKey(kind, key))
    return atMs === undefined || nowMs >= atMs + relevantMs[kind] ? undefined : atMs
  }

  /** Whether a change was made less than its delay ago. */
  isPending(kind: Exclude<ChangeKind, 'assignment' | 'deletion' | 'sign-in'>, key: string, nowMs: number): boolean {
    return this.find(kind, key, nowMs) !== undefined
  }

  /** The times at which decisions about permissions may change, unsorted. */
  dueTimes(): number[] {
    return [...this.#atMs].flatMap(([entry, atMs]) => {
      if (entry.startsWith('membership ')) return [atMs + delaysMs.membership]
      if (!/^(?:assignment|deletion) /.test(entry)) return []
      return [
        atMs + delaysMs['assignment-after-sign-in'],
        atMs + delaysMs['assignment-in-registries'],
        atMs + delaysMs['assignment-in-management'],
      ]
    })
  }

  /** All changes, for a snapshot. */
  save(): readonly Entry[] {
    return [...this.#atMs]
  }

  /** Replaces all changes. */
  restore(entries: readonly Entry[]): void {
    this.#atMs = new Map(entries)
  }
}

function entryKey(kind: ChangeKind, key: string): string {
  return `${kind} ${key.toLowerCase()}`
}
