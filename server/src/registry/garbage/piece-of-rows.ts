import { type Expression, type Kysely, sql, type SqlBool } from 'kysely'
import type { RegistryTables } from '../tables.ts'

/** How many rows of a table one transaction deletes or moves: every other change waits for it. */
export const pieceRows = 500

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
