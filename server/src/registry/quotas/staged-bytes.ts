/** The owner of an open upload. */
export type UploadOwner = {
  readonly rid: string
  readonly repositoryId: string
  readonly callerKey: string
}

/** An open upload and its staged bytes. */
export type CountedUpload = UploadOwner & { stagedBytes: number; changedAtMs: number }

/**
 * The open uploads and their staged bytes, by registry and repository. It is loaded from rows and files on first use;
 * from then on, every change of staged bytes is recorded here.
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

  /** Adds an upload, unless it exists. */
  open(uploadId: string, owner: UploadOwner, stagedBytes: number, nowMs: number): void {
    if (this.#uploads.has(uploadId)) return
    const { rid, repositoryId, callerKey } = owner
    this.#uploads.set(uploadId, { rid, repositoryId, callerKey, stagedBytes, changedAtMs: nowMs })
    this.reserve(owner, stagedBytes)
  }

  /** Sets the staged bytes of an upload, if it exists. */
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

  /** Reserves bytes for a repository; a negative number releases them. */
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

  /** The staged bytes of all uploads. */
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
