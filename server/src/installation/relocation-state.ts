import { existsSync } from 'node:fs'
import { readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { databaseFileIn, postgresMarkerIn, relocationDirectoryIn } from '../platform/files/data-dir.ts'
import { syncDirectory, writeFileDurably } from '../platform/files/durable-file.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'

const schema = z.object({
  /** The id of the installation, by which the targets identify the relocation. */
  id: z.uuid(),
  /** The target of the rows, without secrets. Undefined if the rows stay in their place. */
  database: z.string().optional(),
  /** The target of the blobs, without secrets. Undefined if the blobs stay in their place. */
  storage: z.string().optional(),
  /** The value is `switching` if all data is copied and verified, and the references of the data directory are about to change. */
  step: z.enum(['copying', 'switching']),
})

/** A relocation of a data directory that is not complete. */
export type RelocationState = z.output<typeof schema>

function stateFileIn(dataDir: string): string {
  return path.join(relocationDirectoryIn(dataDir), 'state.json')
}

/** Reads the state of an incomplete relocation. The result is undefined if no relocation is incomplete. */
export async function readRelocation(dataDir: string): Promise<RelocationState | undefined> {
  const text = await readFile(stateFileIn(dataDir), 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  })
  return text === undefined ? undefined : schema.parse(JSON.parse(text))
}

/** Stores the state of a relocation. */
export async function writeRelocation(dataDir: string, state: RelocationState): Promise<void> {
  await writeFileDurably(stateFileIn(dataDir), `${JSON.stringify(state)}\n`, 0o600)
}

/** @throws StartupError if a relocation was interrupted while it changed the data directory */
export async function requireComplete(dataDir: string): Promise<void> {
  if ((await readRelocation(dataDir))?.step !== 'switching') return
  throw new StartupError(
    `the data of ${dataDir} was moved, and the last step was interrupted`,
    exitCodes.dataDirUnusable,
    'run acrux migrate again, with the same options',
  )
}

/**
 * Renames a database file whose rows were moved to PostgreSQL, so that no server opens the file. Call this function only while this process
 * holds the lock of the data directory, because no other process then has the file open.
 */
export async function keepMovedDatabase(dataDir: string): Promise<void> {
  const file = databaseFileIn(dataDir)
  if (!existsSync(postgresMarkerIn(dataDir)) || !existsSync(file)) return
  const kept = path.join(dataDir, `moved-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}.db`)
  // The code renames the log first, because SQLite does not read the log if the database is missing.
  for (const suffix of ['-wal', '-shm', '']) {
    if (existsSync(`${file}${suffix}`)) await rename(`${file}${suffix}`, `${kept}${suffix}`)
  }
  await syncDirectory(dataDir)
}
