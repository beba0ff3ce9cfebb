import { createHash, type Hash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  compareKeys,
  isSameRow,
  type RawDatabase,
  type RawRow,
  type RawTable,
  type RawTarget,
} from '../../platform/sql/raw-database.ts'

/** The content of a table. Two tables with the same content have the same hash, in any kind of database. */
export type TableContent = { readonly rows: number; readonly sha256: string }

/** The difference between a table in two databases. A row whose values differ is both missing and stale. */
type Difference = { readonly missing: number; readonly stale: number; readonly content: TableContent }

/** Receives the rows of a comparison. */
type Receiver = {
  /** A row of the source that the target lacks or has with other values. In the second case, `isOther` is true. */
  readonly missing?: (row: RawRow, isOther: boolean) => Promise<void>
  /** A row of the target that the source lacks or has with other values. */
  readonly stale?: (row: RawRow) => Promise<void>
  /** The function calls this callback for each row of the source. */
  readonly read?: () => void
}

export type SyncOptions = {
  readonly source: RawDatabase
  readonly target: RawTarget
  /** The function calls this callback for each row of the source when it reads the row for the first time. */
  readonly onRow?: () => void
}

const batchRows = 1000
const batchBytes = 4 * 1024 * 1024
const rowsPerTurn = 1000

/**
 * Copies the content of a table from the source to the target. The function can be interrupted and repeated at any time: it compares
 * existing rows, and does not copy them again. The source may change during the copy.
 */
export async function syncTable({ source, target, onRow }: SyncOptions, table: RawTable): Promise<void> {
  const read = { ...(onRow !== undefined && { read: onRow }) }
  const missing = batches((rows) => target.insert(table, rows))
  if ((await target.count(table)) === 0) {
    await compareTable({ source, target }, table, { ...read, missing: missing.add })
    await missing.flush()
    return
  }
  const stale = batches((rows) => target.delete(table, rows))
  const found = await compareTable({ source, target }, table, { ...read, stale: stale.add })
  await stale.flush()
  if (found.missing === 0) return
  // The function inserts rows after it has deleted all stale rows, because a unique value may have moved to another row. A row that the
  // source has changed since the comparison is copied after the next comparison.
  await compareTable({ source, target }, table, {
    missing: async (row, isOther) => {
      if (!isOther) await missing.add(row)
    },
  })
  await missing.flush()
}

/** The content of a table if it is the same in the two databases; undefined if it differs. */
export async function verifyTable(options: SyncOptions, table: RawTable): Promise<TableContent | undefined> {
  const { missing, stale, content } = await compareTable(options, table, {})
  return missing === 0 && stale === 0 ? content : undefined
}

/** Reads the table from the two databases, in the order of the keys. */
async function compareTable(
  { source, target }: Pick<SyncOptions, 'source' | 'target'>,
  table: RawTable,
  { missing, stale, read }: Receiver,
): Promise<Difference> {
  const hash = createHash('sha256')
  const counts = { rows: 0, missing: 0, stale: 0 }
  const others = target.rows(table)[Symbol.asyncIterator]()
  try {
    let other = await others.next()
    const dropOther = async () => {
      counts.stale += 1
      await stale?.(other.value as RawRow)
      other = await others.next()
    }
    for await (const row of source.rows(table)) {
      counts.rows += 1
      read?.()
      addToHash(hash, row)
      if (counts.rows % rowsPerTurn === 0) await nextTurn()
      while (other.done !== true && compareKeys(table, other.value, row) < 0) await dropOther()
      if (other.done !== true && isSameRow(other.value, row)) {
        other = await others.next()
        continue
      }
      const isOther = other.done !== true && compareKeys(table, other.value, row) === 0
      if (isOther) await dropOther()
      counts.missing += 1
      await missing?.(row, isOther)
    }
    while (other.done !== true) await dropOther()
  } finally {
    await others.return?.()
  }
  return { ...counts, content: { rows: counts.rows, sha256: hash.digest('hex') } }
}

/** Collects rows, and returns them in batches. */
function batches(give: (rows: readonly RawRow[]) => Promise<void>) {
  let rows: RawRow[] = []
  let bytes = 0
  const flush = async () => {
    if (rows.length === 0) return
    const batch = rows
    rows = []
    bytes = 0
    await give(batch)
  }
  return {
    flush,
    add: async (row: RawRow) => {
      rows.push(row)
      bytes += row.reduce<number>((sum, value) => sum + sizeOf(value), 0)
      if (rows.length >= batchRows || bytes >= batchBytes) await flush()
    },
  }
}

function sizeOf(value: RawRow[number]): number {
  return typeof value === 'string' || value instanceof Uint8Array ? value.length : 8
}

/** The code writes the kind and the length before each value, so that two different rows never have the same bytes. */
function addToHash(hash: Hash, row: RawRow): void {
  for (const value of row) {
    if (value instanceof Uint8Array) {
      hash.update(`b${value.byteLength}:`)
      hash.update(value)
    } else if (typeof value === 'string') {
      hash.update(`t${Buffer.byteLength(value)}:${value}`)
    } else {
      hash.update(value === null ? 'n' : `i${value};`)
    }
  }
}
