import { existsSync } from 'node:fs'
import { databaseFileIn } from '../platform/files/data-dir.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import type { Sealer } from '../platform/keys/sealing.ts'
import type { Database } from '../platform/sql/database.ts'
import { type SqliteSnapshot, openSqliteSnapshot } from '../platform/sql/sqlite-database.ts'
import { type ChainSource, readChain } from './chain/chain-store.ts'
import type { Checkpoint } from './chain/chain-format.ts'
import { type AuditEventDocument, auditEventDocument } from './log/event-document.ts'
import { allEvents, listEvents } from './search/search-events.ts'
import type { EventFilter } from './search/search-store.ts'
import { type ChainReport, verifyChain } from './chain/verify-chain.ts'

/** The audit log of a server, read from its database. */
export type AuditFile = {
  readonly verify: (expected?: Checkpoint) => Promise<ChainReport>
  /** The matching events, newest first, up to a number. */
  readonly newest: (filter: EventFilter, count: number) => Promise<AuditEventDocument[]>
  /** All matching events, oldest first. */
  readonly events: (filter: EventFilter) => AsyncGenerator<AuditEventDocument>
  readonly close: () => Promise<void>
}

/**
 * Opens the audit log in the file of a data directory for reading. A server can be running. `openSealer` opens the key
 * that sealed the log.
 *
 * @throws StartupError if this version cannot read the log
 */
export async function openAuditFile(
  dataDir: string,
  openSealer: (snapshot: SqliteSnapshot) => Promise<Sealer>,
): Promise<AuditFile> {
  const file = databaseFileIn(dataDir)
  if (!existsSync(file)) {
    throw unusable(`there is no database in ${dataDir}`, 'set the data directory of a server with --data-dir')
  }
  const snapshot = await openFile(file)
  const { tables, close } = snapshot
  const sealer = await openSealer(snapshot).catch((error: unknown) => {
    close()
    throw error
  })
  const source: ChainSource = { kind: 'sqlite', tables }
  return {
    verify: (expected) => verifyChain(source, sealer, expected),
    ...eventsIn(source),
    close: async () => close(),
  }
}

/** The audit log in an open database. */
export function auditFileIn(database: Database, sealer: Sealer): AuditFile {
  return {
    // One transaction reads one snapshot, because the chain may grow at the same time.
    verify: (expected) => database.transaction((transaction) => verifyChain(transaction, sealer, expected)),
    ...eventsIn(database),
    close: () => database.close(),
  }
}

/** The audit log of a running server, read from the server's open database. */
export type AuditPlace = { readonly database: Database; readonly sealer: Sealer; readonly dataDir: string }

/**
 * Verifies a snapshot of the audit log.
 *
 * @throws StartupError as {@link openAuditFile}
 */
export async function verifyAudit({ database, sealer, dataDir }: AuditPlace): Promise<ChainReport> {
  if (database.kind === 'postgres') return auditFileIn(database, sealer).verify()
  // A transaction would block the writer.
  const log = await openAuditFile(dataDir, async () => sealer)
  try {
    return await log.verify()
  } finally {
    await log.close()
  }
}

function eventsIn(source: ChainSource): Pick<AuditFile, 'newest' | 'events'> {
  return {
    newest: (filter, count) => newestEvents(source, filter, count),
    events: (filter) => documentsOf(source, filter),
  }
}

async function newestEvents(source: ChainSource, filter: EventFilter, count: number): Promise<AuditEventDocument[]> {
  const found: AuditEventDocument[] = []
  for (let before: number | undefined; ;) {
    const { events, next } = await listEvents(source, filter, { before, size: Math.min(1000, count - found.length) })
    found.push(...events.map(auditEventDocument))
    if (next === undefined || found.length >= count) return found
    before = next
  }
}

async function* documentsOf(source: ChainSource, filter: EventFilter): AsyncGenerator<AuditEventDocument> {
  for await (const event of allEvents(source, filter)) yield auditEventDocument(event)
}

async function openFile(file: string): Promise<SqliteSnapshot> {
  let snapshot: SqliteSnapshot | undefined
  try {
    snapshot = openSqliteSnapshot(file)
    await readChain({ kind: 'sqlite', tables: snapshot.tables }).lastBlock()
    return snapshot
  } catch (error) {
    snapshot?.close()
    throw unusable(`the database ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function unusable(message: string, nextStep = 'run the command as the user that runs the server'): StartupError {
  return new StartupError(message, exitCodes.dataDirUnusable, nextStep)
}
