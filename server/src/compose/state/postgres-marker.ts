import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { writeFileDurably } from '../../platform/files/durable-file.ts'
import type { Sealer } from '../../platform/keys/sealing.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { StartupError, exitCodes } from '../../platform/process/exit.ts'
import { systemErrorCode } from '../../platform/process/plain-reason.ts'
import type { Database } from '../../platform/sql/database.ts'
import { createResources } from '../../resources/index.ts'

/** The file in a data directory that says that its rows are in PostgreSQL: it contains the id of the first subscription. */
export function postgresMarkerIn(dataDir: string): string {
  return path.join(dataDir, 'rows-in-postgresql')
}

/** Notes in a data directory that its rows are in the database with this subscription. */
export async function markPostgres(dataDir: string, subscriptionId: string): Promise<void> {
  await writeFileDurably(postgresMarkerIn(dataDir), `${subscriptionId}\n`, 0o600)
}

/**
 * Checks that the rows in PostgreSQL are those of a data directory. A server with another one would find that all blobs are
 * missing, and quarantine their images.
 *
 * @throws StartupError
 */
export async function requireOwnRows(
  dataDir: string,
  database: Database,
  parts: { readonly clock: Clock; readonly sealer: Sealer },
): Promise<void> {
  if (database.kind !== 'postgres') return
  const resources = createResources({ ...parts, database, suffix: 'localhost', defaultPort: 443 })
  const [first] = await resources.listSubscriptions()
  if (first !== undefined) await requireMarked(dataDir, first.subscriptionId)
}

async function requireMarked(dataDir: string, subscriptionId: string): Promise<void> {
  const marked = await readFile(postgresMarkerIn(dataDir), 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return ''
    throw error
  })
  if (marked.trim() === subscriptionId) return
  throw new StartupError(
    `the blobs of the PostgreSQL database are in another data directory than ${dataDir}`,
    exitCodes.dataDirUnusable,
    'set --data-dir to that directory, or database to an empty database',
  )
}
