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

/**
 * Caches manifests by repository and by tag or digest until their repository changes. Use it only where no other process
 * writes to the database: every change drops the repository here, so that a deletion, move or lock is effective at once.
 */
export class ManifestCache implements RepositoryCache {
  /** By registry, repository and reference: building one key for each lookup would cost more than the lookup. */
  #registries = new Map<string, Map<string, Map<string, CachedManifest>>>()
  #sizeBytes = 0
  /** Since the start of the process. */
  readonly reads = { hits: 0, misses: 0 }
  #generation = 0

  /** Changes whenever anything is dropped. Read it before you read a manifest that you are going to set. */
  get generation(): number {
    return this.#generation
  }

  get(rid: string, repository: string, reference: string): CachedManifest | undefined {
    const found = this.#registries.get(rid)?.get(repository)?.get(reference)
    if (found === undefined) this.reads.misses += 1
    else this.reads.hits += 1
    return found
  }

  /** Adds a manifest that was read at a generation, unless anything was dropped since: that may have been this manifest. */
  set(generation: number, rid: string, repository: string, reference: string, manifest: CachedManifest): void {
    if (generation !== this.#generation) return
    const repositories = this.#registries.get(rid) ?? new Map<string, Map<string, CachedManifest>>()
    const manifests = repositories.get(repository) ?? new Map<string, CachedManifest>()
    this.#sizeBytes += sizeOf(manifest) - sizeOf(manifests.get(reference))
    manifests.set(reference, manifest)
    repositories.set(repository, manifests)
    this.#registries.set(rid, repositories)
    while (this.#sizeBytes > maxBytes) this.#dropOldest()
  }

  drop(rid: string, repository: string): void {
    this.#generation += 1
    this.#drop(rid, repository)
  }

  #dropOldest(): void {
    for (const [rid, repositories] of this.#registries) {
      for (const repository of repositories.keys()) return this.#drop(rid, repository)
    }
  }

  #drop(rid: string, repository: string): void {
    const repositories = this.#registries.get(rid)
    for (const manifest of repositories?.get(repository)?.values() ?? []) this.#sizeBytes -= sizeOf(manifest)
    repositories?.delete(repository)
    if (repositories?.size === 0) this.#registries.delete(rid)
  }
}

function sizeOf(manifest: CachedManifest | undefined): number {
  return manifest === undefined ? 0 : entryBytes + (manifest.text?.length ?? 0)
}
