import { LRUCache } from 'lru-cache'
import { SharedRevisions } from '../../platform/memory/shared-revisions.ts'
import type { Database } from '../../platform/sql/database.ts'
import type { RepositoryCache } from './context.ts'

/** Something by registry, repository, and tag or digest. */
export type ContentPlace = {
  readonly rid: string
  readonly repository: string
  readonly reference: string
  /** Unique for each place. A key that is used again is hashed once. */
  readonly key: string
}

/** Creates a place. A space separates the parts: registry ids, names of repositories and references contain none. */
export function contentPlace(rid: string, repository: string, reference: string): ContentPlace {
  return { rid, repository, reference, key: `${rid} ${repository} ${reference}` }
}

const places = new WeakMap<object, ContentPlace>()

/** The place that a path names in a registry. A path that is requested again is the same object, see `known-paths.ts`. */
export function placeOfPath(rid: string, path: { readonly repository: string }, reference: string): ContentPlace {
  const known = places.get(path)
  if (known?.rid === rid) return known
  const place = contentPlace(rid, path.repository, reference)
  places.set(path, place)
  return place
}

/** The revisions of the content of repositories. */
export interface ContentRevisions {
  /** Whether a revision also changes when a tag is set or deleted. Otherwise, nothing that is found by a tag may be cached. */
  readonly coverTags: boolean
  /**
   * The place of the revision of a name, for the other functions. Other names can have the same place, and share its
   * revision.
   */
  contentPlace(name: string): number
  /** The revision at a place; undefined while it is not known, so that nothing may be taken from a cache. */
  contentAt(place: number): number | undefined
  /** Changes the revision at a place, after a change that only this process can make. */
  changeContent(place: number): void
}

/** Revisions where only this process writes. Its threads share them by the same memory. */
export function sharedRevisions(revisions: SharedRevisions = new SharedRevisions()): ContentRevisions {
  return {
    coverTags: true,
    contentPlace: (name) => revisions.contentPlace(name),
    contentAt: (place) => revisions.contentAt(place),
    changeContent: (place) => revisions.changeContent(place),
  }
}

/**
 * The revisions where other processes write, too: one for all repositories, which the database keeps and this process knows while
 * its lease is valid. See docs/decisions/0016-revocation-leases.md.
 */
export function leasedRevisions(database: Pick<Database, 'leasedContentRevision'>): ContentRevisions {
  return {
    coverTags: false,
    contentPlace: () => 0,
    contentAt: () => database.leasedContentRevision(),
    changeContent: () => undefined,
  }
}

/** Approximate memory of an entry in addition to its bytes. */
const entryBytes = 1024

/** With the place of the revision of the repository: computing it for each read would take as long as the read. */
type Entry<Value> = {
  readonly revision: number
  readonly revisionPlace: number
  readonly name: string
  readonly value: Value
}

/**
 * Caches what was read of a repository until the revision of its content changes: every deletion, move or lock changes it, and is
 * effective at once, in every thread and process.
 */
export class ContentCache<Value extends object> implements RepositoryCache {
  readonly #entries: LRUCache<string, Entry<Value>>
  /** The keys of the entries of each repository, by {@link nameOf}. */
  readonly #keys = new Map<string, Set<string>>()
  readonly #revisions: ContentRevisions
  /** Since the start of the process. */
  readonly reads = { hits: 0, misses: 0 }

  /** @param sizeOf the bytes of a value, if they are more than a few hundred */
  constructor(revisions: ContentRevisions, maxBytes: number, sizeOf: (value: Value) => number = () => 0) {
    this.#revisions = revisions
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ value }) => entryBytes + sizeOf(value),
      dispose: ({ name }, key) => this.#forget(name, key),
    })
  }

  /** The number of entries. */
  get size(): number {
    return this.#entries.size
  }

  /** Whether what is found by a tag may be cached. */
  get hasTags(): boolean {
    return this.#revisions.coverTags
  }

  /** The revision of a repository, if it is known. Read it before you read a value that you are going to set. */
  revisionOf({ rid, repository }: Pick<ContentPlace, 'rid' | 'repository'>): number | undefined {
    return this.#revisions.contentAt(this.#revisions.contentPlace(nameOf({ rid, repository })))
  }

  get(place: ContentPlace): Value | undefined {
    const found = this.#entries.get(place.key)
    if (found !== undefined && found.revision === this.#revisions.contentAt(found.revisionPlace)) {
      this.reads.hits += 1
      return found.value
    }
    this.reads.misses += 1
    return undefined
  }

  /** Adds a value that was read at a revision, unless that has changed since. */
  set(revision: number | undefined, place: ContentPlace, value: Value): void {
    const name = nameOf(place)
    const revisionPlace = this.#revisions.contentPlace(name)
    if (revision === undefined || revision !== this.#revisions.contentAt(revisionPlace)) return
    this.#entries.set(place.key, { revision, revisionPlace, name, value })
    const keys = this.#keys.get(name)
    if (keys === undefined) this.#keys.set(name, new Set([place.key]))
    else keys.add(place.key)
  }

  /** Drops one value: it has changed without a change of the revision. */
  delete(place: ContentPlace): void {
    this.#entries.delete(place.key)
  }

  drop(rid: string, repository: string): void {
    const name = nameOf({ rid, repository })
    this.#revisions.changeContent(this.#revisions.contentPlace(name))
    // Nobody asks again for what was deleted, so it would take memory until it is the oldest.
    for (const key of this.#keys.get(name) ?? []) this.#entries.delete(key)
  }

  #forget(name: string, key: string): void {
    const keys = this.#keys.get(name)
    keys?.delete(key)
    if (keys?.size === 0) this.#keys.delete(name)
  }
}

function nameOf({ rid, repository }: Pick<ContentPlace, 'rid' | 'repository'>): string {
  return `${rid} ${repository}`
}
