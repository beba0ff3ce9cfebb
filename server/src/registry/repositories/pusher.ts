import type { Actor } from '../protocol/ports.ts'
import type { PushColumns, PusherColumns } from '../rows/rows.ts'

/** The columns that record who pushed. */
export function pusherColumns(by: Actor | undefined): PusherColumns {
  return {
    pushed_by_kind: by?.kind ?? null,
    pushed_by_id: by?.id ?? null,
    pushed_by_name: by?.name ?? null,
  }
}

/** The actor of stored texts; undefined if none is recorded. */
export function storedActor(kind: string | null, id: string | null, name: string | null): Actor | undefined {
  return kind === null || id === null ? undefined : { id, name: name ?? '', kind: kind as Actor['kind'] }
}

/** The actor in the columns of a row; undefined if none is recorded. */
export function actorOf({ pushed_by_kind, pushed_by_id, pushed_by_name }: PusherColumns): Actor | undefined {
  return storedActor(pushed_by_kind, pushed_by_id, pushed_by_name)
}

/** Who made the last push of a manifest or tag; undefined if a version of the server without pushers stored it. */
export function pusherOf(row: PushColumns & { readonly updated_at_ms: number }): Actor | undefined {
  return row.pushed_at_ms === row.updated_at_ms ? actorOf(row) : undefined
}
