import type { Clock } from '../../platform/process/clock.ts'
import type { ContentSpace } from '../../platform/files/free-space.ts'
import type { Database } from '../../platform/sql/database.ts'
import type { BlobStore } from '../../storage/index.ts'
import type { Limits, QuotaPlace, Quotas } from '../quotas/quotas.ts'
import type { StagedBytes, UploadOwner } from '../quotas/staged-bytes.ts'
import { listUploadOwners } from './upload-store.ts'
import { noSpace } from '../quotas/no-space.ts'

type StagingOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly blobs: BlobStore
  readonly space: ContentSpace
  readonly quotas: Quotas
  readonly staged: StagedBytes
}

type UploadOfRow = Awaited<ReturnType<typeof listUploadOwners>>[number]

const noLimits: Limits = { registryBytes: undefined, repositoryBytes: undefined }

/**
 * Counts the bytes of open uploads as they arrive, and fails an append that would exceed a quota or finds no space for
 * content.
 */
export class Staging {
  /** The given store, with counted staged bytes. */
  readonly store: BlobStore
  readonly #options: StagingOptions
  #loading: Promise<void> | undefined
  #loadedAtMs = -Infinity
  /** The uploads that are being appended to, and the limits of each. */
  #appending = new Set<string>()
  #limits = new Map<string, Limits>()
  #committed = new Set<string>()

  constructor(options: StagingOptions) {
    this.#options = options
    this.store = this.#countingStore(options.blobs)
  }

  /** Loads the uploads from before the start of the process; on PostgreSQL also those of other processes, once a second. */
  load(): Promise<void> {
    const isShared = this.#options.database.kind === 'postgres'
    if (isShared && performance.now() - this.#loadedAtMs > 1000) {
      this.#loadedAtMs = performance.now()
      this.#loading = undefined
    }
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined
      throw error
    })
    return this.#loading
  }

  /** Prepares an append: reads the quotas of the repository. */
  async prepare(uploadId: string, owner: UploadOwner, repository: QuotaPlace['repository']): Promise<void> {
    const { clock, blobs, quotas, staged } = this.#options
    await this.load()
    if (staged.get(uploadId) === undefined) {
      staged.open(uploadId, owner, (await blobs.stagedSizeBytes(uploadId)) ?? 0, clock.now())
    }
    this.#limits.set(uploadId, await quotas.limitsOf({ rid: owner.rid, repository }))
  }

  /**
   * Checks the announced size of a body before it is read.
   *
   * @throws OciError DENIED, StorageFullError
   */
  async requireRoomFor(uploadId: string, bytes: number): Promise<void> {
    const { quotas, space, staged } = this.#options
    const upload = staged.get(uploadId)
    if (upload !== undefined) await quotas.requireRoomFor(bytes, upload, this.#limits.get(uploadId) ?? noLimits)
    if (!space.hasRoomFor(bytes)) throw noSpace()
  }

  /** Stops counting the bytes of an upload that has become a blob. */
  settle(uploadId: string): void {
    if (this.#committed.delete(uploadId)) this.#remove(uploadId)
  }

  isAppending(uploadId: string): boolean {
    return this.#appending.has(uploadId)
  }

  async #load(): Promise<void> {
    const { database, blobs, staged } = this.#options
    const owners = await listUploadOwners(database)
    if (database.kind === 'postgres') {
      for (const upload of owners) this.#loadRow(upload)
      const ids = new Set(owners.map(({ id }) => id))
      for (const [id] of staged.entries()) if (!ids.has(id) && !this.#appending.has(id)) this.#remove(id)
      return
    }
    const sizes = new Map<string, { readonly sizeBytes: number; readonly changedAtMs: number }>()
    for await (const { uploadId, ...found } of blobs.listStaged()) sizes.set(uploadId, found)
    for (const { id, startedAtMs, ...owner } of owners) {
      const found = sizes.get(id)
      staged.open(id, owner, found?.sizeBytes ?? 0, found?.changedAtMs ?? startedAtMs)
    }
  }

  /** Counts the bytes of an upload to which another process may have written. */
  #loadRow({ id, staged_bytes, changed_at_ms, startedAtMs: _, ...owner }: UploadOfRow): void {
    const { staged } = this.#options
    if (this.#appending.has(id) || staged.get(id)?.changedAtMs === changed_at_ms) return
    staged.open(id, owner, staged_bytes, changed_at_ms)
    staged.set(id, staged_bytes, changed_at_ms)
  }

  /** @throws OciError DENIED, StorageFullError */
  #admit(uploadId: string, bytes: number): void {
    const { clock, quotas, space, staged } = this.#options
    const upload = staged.get(uploadId)
    if (upload !== undefined) quotas.requireRoomForPiece(bytes, upload, this.#limits.get(uploadId) ?? noLimits)
    if (!space.take(bytes) && (upload === undefined || this.#mustEnd(upload.callerKey))) throw noSpace()
    if (upload !== undefined) staged.set(uploadId, upload.stagedBytes + bytes, clock.now())
  }

  /**
   * When space runs out, the caller whose appends hold the most bytes fails first. Below half of the reserve, every
   * append fails.
   */
  #mustEnd(callerKey: string): boolean {
    const { space, staged } = this.#options
    if (space.isExhausted()) return true
    const heldBytes = new Map<string, number>()
    for (const id of this.#appending) {
      const upload = staged.get(id)
      if (upload === undefined) continue
      heldBytes.set(upload.callerKey, (heldBytes.get(upload.callerKey) ?? 0) + upload.stagedBytes)
    }
    return (heldBytes.get(callerKey) ?? 0) >= Math.max(...heldBytes.values())
  }

  #remove(uploadId: string): void {
    this.#options.staged.remove(uploadId)
    this.#limits.delete(uploadId)
  }

  #countingStore(blobs: BlobStore): BlobStore {
    const { clock, staged } = this.#options
    const setToStaged = async (uploadId: string): Promise<void> =>
      staged.set(uploadId, (await blobs.stagedSizeBytes(uploadId)) ?? 0, clock.now())
    return {
      append: async (uploadId, source, options) => {
        const observe = (piece: Uint8Array): void => {
          this.#admit(uploadId, piece.byteLength)
          options.observe?.(piece)
        }
        this.#appending.add(uploadId)
        try {
          const sizeBytes = await blobs.append(uploadId, source, { ...options, observe })
          staged.set(uploadId, sizeBytes, clock.now())
          return sizeBytes
        } catch (error) {
          // The store may be away. Then more bytes are counted than are staged, until the upload continues or ends.
          await setToStaged(uploadId).catch(() => undefined)
          throw error
        } finally {
          this.#appending.delete(uploadId)
          this.#limits.delete(uploadId)
        }
      },
      commit: async (uploadId, digest) => {
        try {
          const location = await blobs.commit(uploadId, digest)
          this.#committed.add(uploadId)
          return location
        } catch (error) {
          await setToStaged(uploadId).catch(() => undefined)
          throw error
        }
      },
      putAt: (location, source) => blobs.putAt(location, source),
      discard: async (uploadId) => {
        await blobs.discard(uploadId)
        this.#remove(uploadId)
      },
      readStaged: (uploadId) => blobs.readStaged(uploadId),
      stagedSizeBytes: (uploadId) => blobs.stagedSizeBytes(uploadId),
      read: (location, range) => blobs.read(location, range),
      open: (location, range) => blobs.open(location, range),
      requireSelf: () => blobs.requireSelf(),
      find: (location) => blobs.find(location),
      delete: (location) => blobs.delete(location),
      list: () => blobs.list(),
      listStaged: () => blobs.listStaged(),
      ...(blobs.signedUrl && { signedUrl: blobs.signedUrl.bind(blobs) }),
    }
  }
}
