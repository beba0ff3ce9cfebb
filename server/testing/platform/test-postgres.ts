import type { Database } from '../../src/platform/sql/database.ts'
import { parsePostgresUrl } from '../../src/platform/sql/postgres-address.ts'
import { type PostgresOptions, openPostgresDatabase } from '../../src/platform/sql/postgres-database.ts'

/** Opens a database on a PostgreSQL server for a test. The URL contains the password. */
export function openPostgresForTest(url: string, options: Partial<PostgresOptions> = {}): Promise<Database> {
  const address = parsePostgresUrl(url)
  if (typeof address === 'string') throw new Error(`the URL of the PostgreSQL for tests ${address}`)
  return openPostgresDatabase({
    url: address,
    maxReadConnections: 10,
    maxWriteConnections: 10,
    connectionTimeoutMs: 30_000,
    statementTimeoutMs: 60_000,
    rejectsNestedReads: true,
    ...options,
  })
}
