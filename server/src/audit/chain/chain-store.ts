import { type Kysely, sql } from 'kysely'
import type { Database, DatabaseKind, Transaction } from '../../platform/sql/database.ts'
import type { AuditEventRow } from '../log/rows.ts'
import { type EventValues, hashedColumns } from '../log/event-columns.ts'
import type { BlockRow, ChainTables } from './rows.ts'

/** A range of numbers, including both ends. */
export type SeqRange = { readonly from: number; readonly to: number }

/** The transactions that may be running, by a snapshot of PostgreSQL. In SQLite, no running transaction has a number. */
export type Horizons = {
  /** Every transaction with a lower id has ended. */
  readonly oldestRunning: number
  /** No transaction has this id or a higher id yet. */
  readonly next: number
}

/** The source of the chain: the database, a transaction, or a database file. */
export type ChainSource = { readonly kind: DatabaseKind; readonly tables: <Tables>() => Kysely<Tables> }

/** The end of the chain: its last block, and the sealed head; undefined if there is no head. */
export type ChainEnd = {
  readonly last: { readonly number: number; readonly hash: string; readonly madeAtMs: number } | undefined
  readonly seal: Uint8Array | undefined
}

/** Reads the chain. */
export function readChain(source: ChainSource) {
  const tables = source.tables<ChainTables>()
  return {
    lastBlock: (): Promise<BlockRow | undefined> =>
      tables.selectFrom('audit_block').selectAll().orderBy('number', 'desc').limit(1).executeTakeFirst(),
    /** The sealed head; undefined if the row is missing. */
    head: async (): Promise<Uint8Array | undefined> =>
      (await tables.selectFrom('audit_head').select('seal').where('id', '=', 1).executeTakeFirst())?.seal,
    /** The last block and the sealed head at the same moment. */
    end: async (): Promise<ChainEnd> => {
      const last = tables.selectFrom('audit_block').orderBy('number', 'desc').limit(1)
      const [row] = await tables
        .selectNoFrom((builder) => [
          last.select('number').as('number'),
          last.select('hash').as('hash'),
          last.select('made_at_ms').as('madeAtMs'),
          builder.selectFrom('audit_head').select('seal').where('id', '=', 1).as('seal'),
        ])
        .execute()
      const { number, hash, madeAtMs, seal } = row ?? {}
      const isThere = typeof number === 'number' && typeof hash === 'string' && typeof madeAtMs === 'number'
      return { last: isThere ? { number, hash, madeAtMs } : undefined, seal: seal ?? undefined }
    },
    /** The last block for which neither this block nor any previous block contains an event with a higher number. */
    lastBlockWithin: (seq: number): Promise<BlockRow | undefined> =>
      tables
        .selectFrom('audit_block')
        .selectAll()
        .where('covers_to', '<=', seq)
        .orderBy('number', 'desc')
        .limit(1)
        .executeTakeFirst(),
    /** The time of the first event after a number; undefined if there is no later event. */
    firstEventAtMs: async (seq: number): Promise<number | undefined> => {
      const events = tables.selectFrom('audit_event').select('at_ms').where('seq', '>', seq)
      return (await events.orderBy('seq').limit(1).executeTakeFirst())?.at_ms
    },
    blocksAfter: (number: number, limit: number): Promise<BlockRow[]> =>
      tables
        .selectFrom('audit_block')
        .selectAll()
        .where('number', '>', number)
        .orderBy('number')
        .limit(limit)
        .execute(),
    eventsAfter: (seq: number, limit: number): Promise<AuditEventRow[]> =>
      tables.selectFrom('audit_event').selectAll().where('seq', '>', seq).orderBy('seq').limit(limit).execute(),
    eventsWithin: ({ from, to }: SeqRange, limit: number): Promise<AuditEventRow[]> =>
      tables
        .selectFrom('audit_event')
        .selectAll()
        .where('seq', '>=', from)
        .where('seq', '<=', to)
        .orderBy('seq')
        .limit(limit)
        .execute(),
    /** The highest number of an event after a number, and the missing numbers below it, among the last 50,000 events. */
    numbersAfter: async (
      seq: number,
    ): Promise<{ readonly highest: number | undefined; readonly missing: number[] }> => {
      const numbers = tables.selectFrom('audit_event').select('seq').where('seq', '>', seq).orderBy('seq', 'desc')
      // In SQLite, no later commit has a lower number.
      const rows = await numbers.limit(source.kind === 'sqlite' ? 1 : 50_000).execute()
      const missing = rows.flatMap((row, at) =>
        numbersBetween(rows[at + 1]?.seq ?? (rows.length < 50_000 ? seq : row.seq - 1), row.seq),
      )
      return { highest: rows[0]?.seq, missing: source.kind === 'sqlite' ? [] : missing }
    },
    horizons: async (): Promise<Horizons> => {
      if (source.kind === 'sqlite') return { oldestRunning: 0, next: 0 }
      const snapshot = sql<Horizons>`select pg_snapshot_xmin(s)::text::bigint as "oldestRunning", pg_snapshot_xmax(s)::text::bigint as "next" from pg_current_snapshot() as s`
      const [row] = (await snapshot.execute(tables)).rows
      if (row === undefined) throw new Error('PostgreSQL returned no transaction snapshot')
      return row
    },
  }
}

/**
 * Prepares the reading of the events for a block, as the values that are hashed. Runs for every event.
 */
export function prepareEventValues(database: Database) {
  const names = ['from', 'to', 'limit'] as const
  const read = database.prepare<ChainTables, SeqRange & { readonly limit: number }, AuditEventRow>(names, (tables, p) =>
    tables
      .selectFrom('audit_event')
      .select(hashedColumns)
      .where('seq', '>=', p.from)
      .where('seq', '<=', p.to)
      .orderBy('seq')
      .limit(p.limit),
  )
  return async (range: SeqRange, limit: number) =>
    (await read.values({ ...range, limit })) as unknown[] as EventValues[]
}

function numbersBetween(below: number, above: number): number[] {
  return Array.from({ length: above - below - 1 }, (_none, at) => below + 1 + at)
}

/** Adds a block. */
export async function insertBlock(transaction: Transaction, block: BlockRow): Promise<void> {
  await transaction.tables<ChainTables>().insertInto('audit_block').values(block).execute()
}

/** Replaces the sealed head. */
export async function writeHead(transaction: Transaction, seal: Uint8Array): Promise<void> {
  await transaction
    .tables<ChainTables>()
    .insertInto('audit_head')
    .values({ id: 1, seal })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ seal }))
    .execute()
}

/** Removes the blocks up to a number, and the events of these blocks. */
export async function removeBlocks(
  transaction: Transaction,
  upTo: number,
  seqs: readonly (readonly number[])[],
): Promise<void> {
  const tables = transaction.tables<ChainTables>()
  await tables.deleteFrom('audit_block').where('number', '<=', upTo).execute()
  for (const block of seqs) {
    if (block.length > 0) await tables.deleteFrom('audit_event').where('seq', 'in', block).execute()
  }
}
