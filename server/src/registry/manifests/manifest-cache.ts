import { LRUCache } from 'lru-cache'
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

/**
 * Caches manifests by repository and by tag or digest until their repository changes. Use it only where no other process
 * writes to the database: every change drops the repository here, so that a deletion, move or lock is effective at once.
 */
export class ManifestCache implements RepositoryCache {
  readonly #manifests = new LRUCache<string, CachedManifest>({
    maxSize: maxBytes,
    sizeCalculation: ({ text = '' }) => entryBytes + text.length,
    dispose: (_manifest, key, reason) => {
      if (reason !== 'set') this.#removeKey(key)
    },
  })
  /** The keys of the manifests of each repository. */
  readonly #keys = new Map<string, Set<string>>()
  /** Since the start of the process. */
  readonly reads = { hits: 0, misses: 0 }
  #generation = 0

  /** Changes whenever anything is dropped. Read it before you read a manifest that you are going to set. */
  get generation(): number {
    return this.#generation
  }

  get({ rid, repository, reference }: ManifestPlace): CachedManifest | undefined {
    const found = this.#manifests.get(manifestKey(repositoryKey(rid, repository), reference))
    if (found === undefined) this.reads.misses += 1
    else this.reads.hits += 1
    return found
  }

  /** Adds a manifest that was read at a generation, unless anything was dropped since: that may have been this manifest. */
  set(generation: number, { rid, repository, reference }: ManifestPlace, manifest: CachedManifest): void {
    if (generation !== this.#generation) return
    const repositoryAt = repositoryKey(rid, repository)
    const key = manifestKey(repositoryAt, reference)
    const keys = this.#keys.get(repositoryAt) ?? new Set()
    this.#keys.set(repositoryAt, keys.add(key))
    this.#manifests.set(key, manifest)
  }

  drop(rid: string, repository: string): void {
    this.#generation += 1
    for (const key of this.#keys.get(repositoryKey(rid, repository)) ?? []) this.#manifests.delete(key)
  }

  #removeKey(key: string): void {
    const repositoryAt = key.slice(0, key.lastIndexOf(' '))
    const keys = this.#keys.get(repositoryAt)
    keys?.delete(key)
    if (keys?.size === 0) this.#keys.delete(repositoryAt)
  }
}

/** A space separates the parts: registry ids, names of repositories and references contain none. */
function repositoryKey(rid: string, repository: string): string {
  return `${rid} ${repository}`
}

function manifestKey(repositoryAt: string, reference: string): string {
  return `${repositoryAt} ${reference}`
}
