const second = 1000
const minute = 60 * second

/**
 * How long a change takes to take effect, in milliseconds, according to the documents of Azure. docs/reference/emulator-faults.md names the
 * source of each value.
 */
export const delaysMs = {
  /** The delay of a new or deleted role assignment in decisions of Resource Manager. */
  'assignment-in-management': 10 * minute,
  /** The delay of a new or deleted role assignment in decisions of the token service of a registry. */
  'assignment-in-registries': 10 * minute,
  /** The same delay, for a principal that has signed in to the registry since the change. */
  'assignment-after-sign-in': minute,
  /** The delay of the membership of a managed identity in a group. */
  membership: 24 * 60 * minute,
  /** The delay of a regenerated password of the admin account or of a scoped token. */
  password: 60 * second,
  /** The delay until a new resource can be read. */
  resource: 5 * second,
  /** The delay until a role can be assigned to a new principal without the type of the principal. */
  principal: 20 * second,
} as const

/** The kinds of changes. */
type ChangeKind = 'assignment' | 'deletion' | 'membership' | 'password' | 'resource' | 'principal' | 'sign-in'

/** The longest time for which the server needs a change of a kind. */
const relevantMs: Readonly<Record<ChangeKind, number>> = {
  assignment: delaysMs['assignment-in-management'],
  deletion: delaysMs['assignment-in-management'],
  membership: delaysMs.membership,
  password: delaysMs.password,
  resource: delaysMs.resource,
  principal: delaysMs.principal,
  'sign-in': delaysMs['assignment-in-registries'],
}

/** The maximum number of stored changes. If there are more, the server treats the oldest changes as effective. */
const maxChanges = 10_000

type Entry = readonly [key: string, atMs: number]

/** The latest changes that have not taken effect everywhere, by kind and key. */
export class PendingChanges {
  #atMs = new Map<string, number>()

  /** Records a change at a time. */
  note(kind: ChangeKind, key: string, nowMs: number): void {
    const entry = entryKey(kind, key)
    // The code inserts the change at the end of the map, so that the oldest changes come first.
    this.#atMs.delete(entry)
    this.#atMs.set(entry, nowMs)
    const [oldest] = this.#atMs.keys()
    if (this.#atMs.size > maxChanges && oldest !== undefined) this.#atMs.delete(oldest)
  }

  /** The time of a change. The result is undefined if the change has taken effect everywhere, or was not recorded. */
  find(kind: ChangeKind, key: string, nowMs: number): number | undefined {
    const atMs = this.#atMs.get(entryKey(kind, key))
    return atMs === undefined || nowMs >= atMs + relevantMs[kind] ? undefined : atMs
  }

  /** Whether the time since a change is shorter than the delay of the change. */
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

  /** Returns all changes for a snapshot. */
  save(): readonly Entry[] {
    return [...this.#atMs]
  }

  /** Replaces all changes with the changes of a snapshot. */
  restore(entries: readonly Entry[]): void {
    this.#atMs = new Map(entries)
  }
}

function entryKey(kind: ChangeKind, key: string): string {
  return `${kind} ${key.toLowerCase()}`
}
