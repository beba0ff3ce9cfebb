import { LRUCache } from 'lru-cache'
import { SharedRevisions } from '../../platform/memory/shared-revisions.ts'
import type { RepositoryCache } from '../repositories/context.ts'
import type { ServedManifest } from './manifest-store.ts'

/**
 * A manifest whose stored bytes have been verified. `text` is those bytes, one character each, which Node writes fastest;
 * undefined for a large manifest.
 */
export type CachedManifest = ServedManifest & {
  readonly text: string | undefined
}

const maxBytes = 64 * 1024 * 1024
/** Approximate memory of an entry in addition to its bytes. */
const entryBytes = 1024

/** A manifest by registry, repository, and tag or digest. */
export type ManifestPlace = { readonly rid: string; readonly repository: string; readonly reference: string }

/** The revisions of repositories, by a name. Threads can share them. */
export type ContentRevisions = Pick<SharedRevisions, 'contentPlace' | 'contentAt' | 'changeContent'>

/** With the place of the revision of the repository: to compute it for each read would take as long as the read. */
type Entry = { readonly revision: number; readonly revisionPlace: number; readonly manifest: CachedManifest }

/**
 * Caches manifests by repository and by tag or digest until their repository changes. Use it only where no other process
 * writes to the database: every change drops the repository here, so that a deletion, move or lock is effective at once,
 * in every thread that shares the revisions.
 */
export class ManifestCache implements RepositoryCache {
  readonly #manifests = new LRUCache<string, Entry>({
    maxSize: maxBytes,
    sizeCalculation: ({ manifest: { text = '' } }) => entryBytes + text.length,
  })
  readonly #revisions: ContentRevisions
  /** Since the start of the process. */
  readonly reads = { hits: 0, misses: 0 }

  constructor(revisions: ContentRevisions = new SharedRevisions()) {
    this.#revisions = revisions
  }

  /** Changes whenever the repository is dropped. Read it before you read a manifest that you are going to set. */
  revisionOf({ rid, repository }: Pick<ManifestPlace, 'rid' | 'repository'>): number {
    return this.#revisions.contentAt(this.#revisionPlace(rid, repository))
  }

  get(place: ManifestPlace): CachedManifest | undefined {
    const found = this.#manifests.get(keyOf(place))
    if (found !== undefined && found.revision === this.#revisions.contentAt(found.revisionPlace)) {
      this.reads.hits += 1
      return found.manifest
    }
    this.reads.misses += 1
    return undefined
  }

  /** Adds a manifest that was read at a revision, unless its repository was dropped since. */
  set(revision: number, place: ManifestPlace, manifest: CachedManifest): void {
    const revisionPlace = this.#revisionPlace(place.rid, place.repository)
    if (revision !== this.#revisions.contentAt(revisionPlace)) return
    this.#manifests.set(keyOf(place), { revision, revisionPlace, manifest })
  }

  drop(rid: string, repository: string): void {
    this.#revisions.changeContent(this.#revisionPlace(rid, repository))
  }

  #revisionPlace(rid: string, repository: string): number {
    return this.#revisions.contentPlace(`${rid} ${repository}`)
  }
}

/** A space separates the parts: registry ids, names of repositories and references contain none. */
function keyOf({ rid, repository, reference }: ManifestPlace): string {
  return `${rid} ${repository} ${reference}`
}
