import type { Transaction } from '../../platform/sql/database.ts'
import type { UploadContext } from './context.ts'
import { endForCaller } from './end-upload.ts'
import { listOpenUploads } from './upload-store.ts'

/** An unfinished upload. */
export type OpenUploadState = {
  readonly id: string
  readonly repository: string
  /** The caller that started it, as an opaque key of the principal. */
  readonly caller: string
  readonly startedAtMs: number
  readonly lastDataAtMs: number
  readonly expiresAtMs: number
  readonly stagedBytes: number
  /** Whether a request is sending data to it. */
  readonly isActive: boolean
}

/** The open uploads of registries, for their management. */
export interface OpenUploads {
  /** By id. */
  list(rid: string): Promise<OpenUploadState[]>
  /**
   * Ends an upload and deletes its bytes, unless it is being written to. `record` runs in the transaction that ends it.
   */
  end(
    rid: string,
    id: string,
    record: (transaction: Transaction) => Promise<void>,
  ): Promise<'ended' | 'active' | 'unknown'>
}

/** Opens the list of uploads. */
export function createOpenUploads(context: UploadContext): OpenUploads {
  return {
    list: async (rid) => {
      await context.staging.load()
      const rows = await listOpenUploads(context.database, rid, context.clock.now())
      return rows.map(({ id, repository, caller, startedAtMs, expiresAtMs, isWriting }) => {
        const counted = context.staged.get(id)
        return {
          id,
          repository,
          caller,
          startedAtMs,
          expiresAtMs,
          lastDataAtMs: counted?.changedAtMs ?? startedAtMs,
          stagedBytes: counted?.stagedBytes ?? 0,
          isActive: isWriting === 1 || context.running.isWriting(id),
        }
      })
    },
    end: async (rid, id, record) => {
      const rows = await listOpenUploads(context.database, rid, context.clock.now())
      if (!rows.some((row) => row.id === id)) return 'unknown'
      return endForCaller(context, id, record)
    },
  }
}
