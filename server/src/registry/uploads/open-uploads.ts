import type { UploadContext } from './context.ts'
import { endUnlessWriting } from './end-upload.ts'
import { listOpenUploads } from './upload-store.ts'

/** An upload that was begun and not finished. */
export type OpenUploadState = {
  readonly id: string
  readonly repository: string
  /** Who began it, as an opaque name: the same for the same principal. */
  readonly caller: string
  readonly startedAtMs: number
  readonly lastDataAtMs: number
  readonly expiresAtMs: number
  readonly stagedBytes: number
  /** Whether a request sends data to it now. */
  readonly isActive: boolean
}

/** The open uploads of registries, for those who manage them. */
export interface OpenUploads {
  /** By id. */
  list(rid: string): Promise<OpenUploadState[]>
  /** Ends one with its bytes. One that is being written to stays. */
  end(rid: string, id: string): Promise<'ended' | 'active' | 'unknown'>
}

/** Opens the list of uploads. */
export function createOpenUploads(context: UploadContext): OpenUploads {
  return {
    list: async (rid) => {
      await context.staging.load()
      const rows = await listOpenUploads(context.database, rid, context.clock.now())
      return rows.map(({ id, repository, caller, startedAtMs, expiresAtMs }) => {
        const counted = context.staged.get(id)
        return {
          id,
          repository,
          caller,
          startedAtMs,
          expiresAtMs,
          lastDataAtMs: counted?.changedAtMs ?? startedAtMs,
          stagedBytes: counted?.stagedBytes ?? 0,
          isActive: context.running.isWriting(id),
        }
      })
    },
    end: async (rid, id) => {
      const rows = await listOpenUploads(context.database, rid, context.clock.now())
      if (!rows.some((row) => row.id === id)) return 'unknown'
      return (await endUnlessWriting(context, id)) ? 'ended' : 'active'
    },
  }
}
