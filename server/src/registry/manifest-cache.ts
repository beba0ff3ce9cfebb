import type { ServedManifest } from './manifest-store.ts'

/** A manifest as it was read, and its bytes where they are few: one character each, as Node writes them fastest. */
export type KeptManifest = ServedManifest & { readonly text: string | undefined }

const limitBytes = 64 * 1024 * 1024
/** What an entry takes besides its bytes, roughly. */
const entryBytes = 1024

/**
 * Remembers manifests that were read, by repository and by tag or digest, as long as nothing in their repository is
 * changed. It is for a database that this process alone writes to: every change goes through here, so that what was
 * deleted, moved or locked is so at once.
 */
export class ManifestCache {
  #repositories = new Map<string, Map<string, KeptManifest>>()
  #sizeBytes = 0
  #generation = 0

  /** Moves whenever anything is forgotten. Read it before a manifest that is to be kept. */
  get generation(): number {
    return this.#generation
  }

  find(rid: string, repository: string, reference: string): KeptManifest | undefined {
    return this.#repositories.get(`${rid}/${repository}`)?.get(reference)
  }

  /** Keeps what was read at a generation, unless something was forgotten since, which may have been just that. */
  keep(generation: number, rid: string, repository: string, reference: string, manifest: KeptManifest): void {
    if (generation !== this.#generation) return
    const key = `${rid}/${repository}`
    const manifests = this.#repositories.get(key) ?? new Map<string, KeptManifest>()
    this.#sizeBytes += sizeOf(manifest) - sizeOf(manifests.get(reference))
    manifests.set(reference, manifest)
    this.#repositories.set(key, manifests)
    for (const oldest of this.#repositories.keys()) {
      if (this.#sizeBytes <= limitBytes) break
      this.#drop(oldest)
    }
  }

  /** Forgets all of a repository, after a change to anything in it and before that change is acknowledged. */
  forget(rid: string, repository: string): void {
    this.#generation += 1
    this.#drop(`${rid}/${repository}`)
  }

  #drop(key: string): void {
    for (const manifest of this.#repositories.get(key)?.values() ?? []) this.#sizeBytes -= sizeOf(manifest)
    this.#repositories.delete(key)
  }
}

function sizeOf(manifest: KeptManifest | undefined): number {
  return manifest === undefined ? 0 : entryBytes + (manifest.text?.length ?? 0)
}
