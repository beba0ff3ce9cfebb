import { type Expression, type Kysely, sql, type SqlBool } from 'kysely'
import type { RegistryTables } from './rows.ts'

/** How many rows of a table are deleted or moved at once: every other change waits meanwhile. */
export const pieceRows = 100

/**
 * How long a transaction begins further pieces. While 300,000 references that can be restored were deleted, 99 of 100
 * tokens took up to 48 ms and the slowest 117 ms; with 500 rows in each transaction, whatever they take, 76 ms and 181 ms.
 */
const transactionMs = 10

/** Does pieces of work in one transaction until nothing is left or its time is over, and says whether nothing is left. */
export async function whileTime(piece: () => Promise<boolean>): Promise<boolean> {
  const endMs = performance.now() + transactionMs
  do {
    if (await piece()) return true
  } while (performance.now() < endMs)
  return false
}

/** The columns that tell the rows of a table apart. */
const keys = {
  tag: ['repository_id', 'name'],
  deleted_tag: ['repository_id', 'name', 'manifest_digest'],
  manifest_reference: ['repository_id', 'manifest_digest', 'kind', 'digest'],
  repository_blob: ['repository_id', 'digest'],
  repository_tombstone: ['rid', 'name'],
  upload: ['id'],
} as const satisfies { readonly [Table in keyof RegistryTables]?: readonly (keyof RegistryTables[Table])[] }

/** Deletes at most {@link pieceRows} rows of a table that meet a condition, and returns how many. */
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
