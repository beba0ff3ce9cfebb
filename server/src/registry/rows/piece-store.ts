import { type Expression, type Kysely, sql, type SqlBool } from 'kysely'
import type { RegistryTables } from './rows.ts'

/** The maximum number of rows of a table that are deleted or moved at once: all other changes wait meanwhile. */
export const pieceRows = 100

/**
 * How long a transaction starts further pieces. While 300,000 restorable references were deleted, tokens took up to 48
 * ms at the 99th percentile and 117 ms at most; with 500 rows per transaction and no time limit, 76 ms and 181 ms.
 */
const transactionMs = 10

/**
 * Does pieces of work in one transaction until nothing is left or its time is over, and returns whether nothing is
 * left.
 */
export async function whileTime(piece: () => Promise<boolean>): Promise<boolean> {
  const endMs = performance.now() + transactionMs
  do {
    if (await piece()) return true
  } while (performance.now() < endMs)
  return false
}

/** The key columns of each table. */
const keys = {
  tag: ['repository_id', 'name'],
  deleted_tag: ['repository_id', 'name', 'manifest_digest'],
  manifest_reference: ['repository_id', 'manifest_digest', 'kind', 'digest'],
  repository_blob: ['repository_id', 'digest'],
  repository_tombstone: ['rid', 'name'],
  upload: ['id'],
  tag_change: ['repository_id', 'tag', 'number'],
  attached_report: ['repository_id', 'digest'],
} as const satisfies { readonly [Table in keyof RegistryTables]?: readonly (keyof RegistryTables[Table])[] }

/** Deletes at most {@link pieceRows} rows of a table that match a condition, and returns how many. */
export async function deletePiece(
  tables: Kysely<RegistryTables>,
  table: keyof typeof keys,
  condition: Expression<SqlBool>,
): Promise<number> {
  const key = sql.join(keys[table].map((column) => sql.ref(column)))
  const some = sql`select ${key} from ${sql.table(table)} where ${condition} limit ${pieceRows}`
  const { numDeletedRows } = await tables
    .deleteFrom(table)
    .where(condition)
    .where(sql<SqlBool>`(${key}) in (${some})`)
    .executeTakeFirst()
  return Number(numDeletedRows)
}

/** The maximum number of values in one statement: far below every database's limit of parameters. */
const chunkSize = 500

/** The values in chunks that fit into one statement each. */
export function* chunked<Value>(values: readonly Value[]): Generator<Value[]> {
  for (let start = 0; start < values.length; start += chunkSize) yield values.slice(start, start + chunkSize)
}
