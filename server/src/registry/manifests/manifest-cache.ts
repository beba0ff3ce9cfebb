import type { ServedManifest } from './manifest-store.ts'

/** A manifest whose stored bytes were seen to have its digest, and those bytes where they are few: one character each, as Node writes them fastest. */
export type KeptManifest = ServedManifest & {
  readonly text: string | undefined
}

const limitBytes = 64 * 1024 * 1024
/** What an entry takes besides its bytes, roughly. */
const entryBytes = 1024

/**
 * Remembers manifests that were read, by repository and by tag or digest, as long as nothing in their repository is
 * changed. It is for a database that this process alone writes to: every change goes through here, so that what was
 * deleted, moved or locked is so at once.
 */
export class ManifestCache {
  /** By registry, repository and reference: to put a key together for each look would cost more than the look. */
  #registries = new Map<string, Map<string, Map<string, KeptManifest>>>()
  #sizeBytes = 0
  /** Since the start of the process. */
  readonly reads = { hits: 0, misses: 0 }
  #generation = 0

  /** Moves whenever anything is forgotten. Read it before a manifest that is to be kept. */
  get generation(): number {
    return this.#generation
  }

  find(rid: string, repository: string, reference: string): KeptManifest | undefined {
    const found = this.#registries.get(rid)?.get(repository)?.get(reference)
    if (found === undefined) this.reads.misses += 1
    else this.reads.hits += 1
    return found
  }

  /** Keeps what was read at a generation, unless something was forgotten since, which may have been just that. */
  keep(generation: number, rid: string, repository: string, reference: string, manifest: KeptManifest): void {
    if (generation !== this.#generation) return
    const repositories = this.#registries.get(rid) ?? new Map<string, Map<string, KeptManifest>>()
    const manifests = repositories.get(repository) ?? new Map<string, KeptManifest>()
    this.#sizeBytes += sizeOf(manifest) - sizeOf(manifests.get(reference))
    manifests.set(reference, manifest)
    repositories.set(repository, manifests)
    this.#registries.set(rid, repositories)
    while (this.#sizeBytes > limitBytes) this.#dropOldest()
  }

  /** Forgets all of a repository, after a change to anything in it and before that change is acknowledged. */
  forget(rid: string, repository: string): void {
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

function sizeOf(manifest: KeptManifest | undefined): number {
  return manifest === undefined ? 0 : entryBytes + (manifest.text?.length ?? 0)
}
