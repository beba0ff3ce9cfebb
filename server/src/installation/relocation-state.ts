import { existsSync } from 'node:fs'
import { readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { databaseFileIn, postgresMarkerIn, relocationDirectoryIn } from '../platform/files/data-dir.ts'
import { syncDirectory, writeFileDurably } from '../platform/files/durable-file.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'

const schema = z.object({
  /** The id of the installation, by which the targets know the relocation. */
  id: z.uuid(),
  /** Where the rows go, without secrets; undefined if they stay. */
  database: z.string().optional(),
  /** Where the blobs go, without secrets; undefined if they stay. */
  storage: z.string().optional(),
  /** `switching` if everything is copied and verified, and the data directory is about to refer to the new places. */
  step: z.enum(['copying', 'switching']),
})

/** A relocation of a data directory that is not complete. */
export type RelocationState = z.output<typeof schema>

function stateFileIn(dataDir: string): string {
  return path.join(relocationDirectoryIn(dataDir), 'state.json')
}

/** Reads the state of an incomplete relocation; undefined if there is none. */
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

/** @throws StartupError if a relocation was interrupted while the data directory was changed */
export async function requireComplete(dataDir: string): Promise<void> {
  if ((await readRelocation(dataDir))?.step !== 'switching') return
  throw new StartupError(
    `the data of ${dataDir} was moved, and the last step was interrupted`,
    exitCodes.dataDirUnusable,
    'run acrux migrate again, with the same options',
  )
}

/**
 * Renames a database file whose rows were moved to PostgreSQL, so that no server opens it. Call it only while this process holds the
 * lock of the data directory: then no other process has the file open.
 */
export async function keepMovedDatabase(dataDir: string): Promise<void> {
  const file = databaseFileIn(dataDir)
  if (!existsSync(postgresMarkerIn(dataDir)) || !existsSync(file)) return
  const kept = path.join(dataDir, `moved-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}.db`)
  // The log first: without the database, it is not read.
  for (const suffix of ['-wal', '-shm', '']) {
    if (existsSync(`${file}${suffix}`)) await rename(`${file}${suffix}`, `${kept}${suffix}`)
  }
  await syncDirectory(dataDir)
}
