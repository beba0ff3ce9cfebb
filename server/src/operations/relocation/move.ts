import type { RawDatabase, RawTable, RawTarget } from '../../platform/sql/raw-database.ts'
import { listStoredBlobs, type StoredBlobRow } from '../../registry/index.ts'
import type { BlobStore } from '../../storage/index.ts'
import { type BlobCopy, copyBlobs, deleteUnnamed, requireAll } from './copy-blobs.ts'
import { TablesDifferError } from './errors.ts'
import { syncTable, type TableContent, verifyTable } from './sync-table.ts'
import type { VerifiedBlobs } from './verified-blobs.ts'

/** The progress of a migration, or of one round of it. `final` is true in the last round, during which the server accepts no changes. */
export type MoveProgress = {
  readonly step: 'blobs' | 'rows'
  readonly round: number | 'final'
  readonly done: number
  readonly total: number
}

/** The data to move, and the functions that pause the server. */
export type Move = {
  /** The rows to move; undefined if the rows stay in their place. */
  readonly source: RawDatabase
  readonly target: RawTarget | undefined
  /** The blobs to move; undefined if the blobs stay in their place. */
  readonly blobs: { readonly from: BlobStore; readonly to: BlobStore; readonly verified: VerifiedBlobs } | undefined
  /** Pauses the changes of the source, and returns when no change is running any more. */
  readonly pause: () => Promise<void>
  readonly onProgress: (progress: MoveProgress) => void
}

/** The rows and blobs that were moved. */
export type Moved = {
  readonly tables: Readonly<Record<string, TableContent>>
  readonly blobs: { readonly count: number; readonly sizeBytes: number }
  /** The time for which changes were paused, until the function had verified all data. */
  readonly pausedMs: number
}

/** The move repeats its rounds until one round is this short, so that little work remains while changes are paused. */
const shortRoundMs = 5000
const maxRounds = 5

/** The maximum number of attempts to copy a table while nothing changes. */
const maxAttempts = 3

/**
 * Copies blobs and rows in rounds while the source is in use. Then the function pauses the changes of the source, copies the data that has
 * changed since, and compares all data. When the function returns, the target has the same content as the source, and the source is still
 * paused.
 */
export async function moveData(move: Move): Promise<Moved> {
  const tables = move.target === undefined ? [] : await sameTables(move.source, move.target)
  for (let round = 1; round <= maxRounds; round += 1) {
    const beganMs = performance.now()
    await copyAllBlobs(move, round)
    await copyRows(move, tables, round)
    if (performance.now() - beganMs < shortRoundMs) break
  }
  await move.pause()
  const pausedAtMs = performance.now()
  const blobs = await copyAllBlobs(move, 'final')
  const contents = await verifyRows(move, tables)
  return { tables: contents, blobs, pausedMs: performance.now() - pausedAtMs }
}

/** The amount of data to move: the number of rows of each table, and the number of blobs. */
export async function measure(source: RawDatabase, what: { readonly rows: boolean; readonly blobs: boolean }) {
  const rows: Record<string, number> = {}
  if (what.rows) for (const table of await source.tables()) rows[table.name] = await source.count(table)
  return { rows, blobs: what.blobs ? await sizeOfBlobs(source) : { count: 0, sizeBytes: 0 } }
}

/**
 * The tables of both databases.
 *
 * @throws Error if the tables of the two databases differ, because another version created one of the databases
 */
async function sameTables(source: RawDatabase, target: RawDatabase): Promise<RawTable[]> {
  const [tables, others] = [await source.tables(), await target.tables()]
  if (JSON.stringify(tables) !== JSON.stringify(others)) {
    throw new Error(`the tables differ: ${JSON.stringify(tables)} and ${JSON.stringify(others)}`)
  }
  return tables
}

async function copyAllBlobs(move: Move, round: number | 'final'): Promise<Moved['blobs']> {
  if (move.blobs === undefined) return { count: 0, sizeBytes: 0 }
  const all = await sizeOfBlobs(move.source)
  let done = 0
  const quarantined = new Set<string>()
  const copy: BlobCopy = {
    ...move.blobs,
    blobs: () => noting(storedBlobs(move.source), quarantined),
    onBytes: (count) => {
      done += count
      move.onProgress({ step: 'blobs', round, done, total: all.sizeBytes })
    },
  }
  const problems = await copyBlobs(copy)
  // A missing blob may have been deleted just now.
  const isFinal = round === 'final'
  requireAll(isFinal ? problems : problems.filter(({ problem }) => problem === 'corrupt'), quarantined)
  if (!isFinal) return all
  await deleteUnnamed(copy)
  return all
}

async function* noting(rows: AsyncIterable<StoredBlobRow>, quarantined: Set<string>): AsyncGenerator<StoredBlobRow> {
  for await (const row of rows) {
    if (row.isQuarantined) quarantined.add(row.digest)
    yield row
  }
}

function storedBlobs(source: RawDatabase): AsyncIterable<StoredBlobRow> {
  return listStoredBlobs(source.builder())
}

async function sizeOfBlobs(source: RawDatabase): Promise<Moved['blobs']> {
  const all = { count: 0, sizeBytes: 0 }
  for await (const { sizeBytes } of storedBlobs(source)) {
    all.count += 1
    all.sizeBytes += sizeBytes
  }
  return all
}

async function copyRows(move: Move, tables: readonly RawTable[], round: number | 'final'): Promise<void> {
  const { source, target, onProgress } = move
  if (target === undefined) return
  let total = 0
  for (const table of tables) total += await source.count(table)
  let done = 0
  const onRow = () => {
    done += 1
    onProgress({ step: 'rows', round, done, total })
  }
  for (const table of tables) await syncTable({ source, target, onRow }, table)
}

/** Compares all tables row by row and copies the differences, until a comparison finds no difference. */
async function verifyRows(move: Move, tables: readonly RawTable[]): Promise<Moved['tables']> {
  const { source, target, onProgress } = move
  const contents: Record<string, TableContent> = {}
  if (target === undefined) return contents
  for (const [done, table] of tables.entries()) {
    onProgress({ step: 'rows', round: 'final', done, total: tables.length })
    contents[table.name] = await settle(table, { source, target })
  }
  return contents
}

async function settle(table: RawTable, sides: { source: RawDatabase; target: RawTarget }): Promise<TableContent> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const content = await verifyTable(sides, table)
    if (content !== undefined) return content
    await syncTable(sides, table)
  }
  throw new TablesDifferError(table.name)
}
