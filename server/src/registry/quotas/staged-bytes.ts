/** Whose an open upload is. */
export type UploadOwner = {
  readonly rid: string
  readonly repositoryId: string
  readonly callerKey: string
}

/** An open upload, and how much of it is staged. */
export type CountedUpload = UploadOwner & { stagedBytes: number; changedAtMs: number }

/**
 * The open uploads of this process and how much they hold, by registry and repository. It is made of the rows and the
 * staged files when it is first needed; from then on every change of staged bytes is entered here.
 */
export class StagedBytes {
  #uploads = new Map<string, CountedUpload>()
  #byRegistry = new Map<string, number>()
  #byRepository = new Map<string, number>()

  get(uploadId: string): CountedUpload | undefined {
    return this.#uploads.get(uploadId)
  }

  entries(): IterableIterator<[uploadId: string, CountedUpload]> {
    return this.#uploads.entries()
  }

  /** Enters an upload, unless it is there. */
  open(uploadId: string, owner: UploadOwner, stagedBytes: number, nowMs: number): void {
    if (this.#uploads.has(uploadId)) return
    const { rid, repositoryId, callerKey } = owner
    this.#uploads.set(uploadId, { rid, repositoryId, callerKey, stagedBytes, changedAtMs: nowMs })
    this.reserve(owner, stagedBytes)
  }

  /** States how much of an upload is staged. Of one that is not entered, nothing is counted. */
  set(uploadId: string, stagedBytes: number, nowMs: number): void {
    const upload = this.#uploads.get(uploadId)
    if (upload === undefined) return
    this.reserve(upload, stagedBytes - upload.stagedBytes)
    upload.stagedBytes = stagedBytes
    upload.changedAtMs = nowMs
  }

  remove(uploadId: string): void {
    const upload = this.#uploads.get(uploadId)
    if (upload === undefined) return
    this.reserve(upload, -upload.stagedBytes)
    this.#uploads.delete(uploadId)
  }

  /** Counts bytes that are on their way into a repository; with a negative number, no longer. */
  reserve({ rid, repositoryId }: Pick<UploadOwner, 'rid' | 'repositoryId'>, bytes: number): void {
    add(this.#byRegistry, rid, bytes)
    add(this.#byRepository, repositoryId, bytes)
  }

  ofRegistry(rid: string): number {
    return this.#byRegistry.get(rid) ?? 0
  }

  ofRepository(repositoryId: string): number {
    return this.#byRepository.get(repositoryId) ?? 0
  }

  /** How much all of them hold. */
  total(): number {
    let bytes = 0
    for (const held of this.#byRegistry.values()) bytes += held
    return bytes
  }

  get size(): number {
    return this.#uploads.size
  }
}

function add(sums: Map<string, number>, key: string, bytes: number): void {
  const sum = (sums.get(key) ?? 0) + bytes
  if (sum === 0) sums.delete(key)
  else sums.set(key, sum)
}
