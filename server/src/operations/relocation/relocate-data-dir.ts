import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { lockDirectory, relocationDirectoryIn } from '../../platform/files/data-dir.ts'
import { makePrivateDirectory } from '../../platform/files/durable-file.ts'
import { createProcessStore } from '../../platform/jobs/process-store.ts'
import { systemClock } from '../../platform/process/clock.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { findInstallationId } from '../../platform/sql/installation.ts'
import { measure, moveData, type Moved, type MoveProgress } from './move.ts'
import { openVerifiedBlobs } from './verified-blobs.ts'
import {
  openCurrentDatabase,
  requireSameSchema,
  requireDatabase,
  requireSameProduct,
  openDatabaseSealer,
  requireOwnRows,
  readRelocation,
  type RelocationState,
  writeRelocation,
} from '../../installation/index.ts'
import {
  type RelocationPlace,
  describeDatabase,
  describeStorage,
  openBlobs,
  openBlobTarget,
  openRows,
  openRowTarget,
  requireNoFiles,
} from './places.ts'
import { findServer, type ServerToMove } from './running-server.ts'
import { switchOver } from './switch-over.ts'

/** The new places of the rows or the blobs of a data directory. */
export type RelocationTarget = {
  /** The configuration after the relocation. */
  readonly target: RelocationPlace
  readonly movesRows: boolean
  readonly movesBlobs: boolean
}

export type RelocationEvents = {
  readonly onProgress: (progress: MoveProgress) => void
  /** The function calls this callback at the beginning of the last step. */
  readonly onPause: () => void
}

/** The amount of data to move: the number of rows of each table, and the number of blobs. */
export type RelocationSize = {
  readonly rows: Readonly<Record<string, number>>
  readonly blobs: Moved['blobs']
}

/** The result of a relocation. `moved` is undefined if the call only completed an interrupted last step. */
export type Relocated = { readonly wasRunning: boolean; readonly moved: Moved | undefined }

/** Counts the rows and blobs that a relocation would move, without changing data. @throws StartupError */
export async function measureRelocation(source: RelocationPlace, to: RelocationTarget): Promise<RelocationSize> {
  requireOther(source, to)
  const rows = await openRows(source)
  try {
    await requireSameSchema({ tables: () => rows.builder() as never }, source.migrations)
    return await measure(rows, { rows: to.movesRows, blobs: to.movesBlobs })
  } finally {
    await rows.close()
  }
}

/**
 * Moves the rows or the blobs of a data directory to other places. A running server continues. From the last step on, the server accepts no
 * changes until it is stopped. The function deletes nothing in the source. An interrupted relocation continues at the step that it had
 * reached.
 *
 * @throws StartupError for every problem that the operator can fix
 */
export async function relocateDataDir(
  source: RelocationPlace,
  to: RelocationTarget,
  events: RelocationEvents,
): Promise<Relocated> {
  const { dataDir } = source
  const directory = relocationDirectoryIn(dataDir)
  const begun = await readRelocation(dataDir)
  if (begun?.step !== 'switching') requireOther(source, to)
  await makePrivateDirectory(directory)
  const lock = await lockDirectory(directory)
  if (lock === undefined) throw rejection('another move is running', 'wait until the backup is complete')
  try {
    const state = begun ?? stateOf(to, await installationOf(source))
    requireSame(state, stateOf(to, state.id))
    if (state.step === 'switching') {
      await switchOver(to.target, state)
      return { wasRunning: false, moved: undefined }
    }
    const server = await findServer(dataDir, state.id)
    try {
      const moved = await move(source, { ...to, state, isBegun: begun !== undefined }, { ...events, server }).catch(
        async (error: unknown) => {
          await server.resume()
          throw error
        },
      )
      await server.keepPaused()
      await switchOver(to.target, state)
      return { wasRunning: server.isRunning, moved }
    } finally {
      server.close()
    }
  } finally {
    lock.close()
  }
}

type Begun = RelocationTarget & { readonly state: RelocationState; readonly isBegun: boolean }

async function move(
  source: RelocationPlace,
  { target, movesRows, movesBlobs, state, isBegun }: Begun,
  { onProgress, onPause, server }: RelocationEvents & { readonly server: ServerToMove },
): Promise<Moved> {
  await using stack = new AsyncDisposableStack()
  const keep = <Value extends { close: () => Promise<void> }>(opened: Value): Value => {
    stack.defer(() => opened.close())
    return opened
  }
  await requireRowsOf(source)
  const rows = keep(await openRows(source))
  await requireSameSchema({ tables: () => rows.builder() as never }, source.migrations)
  if (movesBlobs && !isBegun) await requireNoFiles(target)
  // The targets are reserved under an id that is still known after an interruption.
  await writeRelocation(source.dataDir, state)
  const { id } = state
  const { env } = process
  const openTargets = async () => ({
    blobs: movesBlobs
      ? {
          from: keep(await openBlobs(source, env)).value,
          to: keep(await openBlobTarget(target, id, env)).value,
          verified: keep(await openVerifiedBlobs(path.join(relocationDirectoryIn(source.dataDir), 'verified-blobs'))),
        }
      : undefined,
    target: movesRows ? keep(await openRowTarget(target, id)) : undefined,
  })
  const targets = await openTargets().catch(async (error: unknown) => {
    // A target was rejected, so the operator can try another target.
    const isRejected = error instanceof StartupError && error.exitCode === exitCodes.configuration
    if (isRejected && !isBegun) await rm(relocationDirectoryIn(source.dataDir), { recursive: true })
    throw error
  })
  const pause = async () => {
    onPause()
    await server.pause()
  }
  // The function closes the places before it returns.
  return await moveData({ source: rows, ...targets, pause, onProgress })
}

/** The rows in PostgreSQL must belong to the data directory. */
async function requireRowsOf(source: RelocationPlace): Promise<void> {
  requireSameProduct(source)
  if (source.database.url === undefined) return
  const database = await openCurrentDatabase(source)
  try {
    const sealer = await openDatabaseSealer(source, database)
    await requireOwnRows(source.dataDir, database, { clock: systemClock, sealer })
    // Only the server of this data directory is paused.
    const { length: servers } = await createProcessStore(database).list()
    if (servers > 1)
      throw rejection(
        `${servers} servers use the database`,
        'stop all other servers, wait 10 seconds, and run the command again',
      )
  } finally {
    await database.close()
  }
}

/** The id of the installation. Servers use the id to reserve an object store. */
async function installationOf(source: RelocationPlace): Promise<string> {
  const rows = await openRows(source)
  try {
    await requireSameSchema({ tables: () => rows.builder() as never }, source.migrations)
    return (await findInstallationId({ tables: () => rows.builder() as never })) ?? randomUUID()
  } finally {
    await rows.close()
  }
}

function stateOf({ target, movesRows, movesBlobs }: RelocationTarget, id: string): RelocationState {
  return {
    id,
    step: 'copying',
    ...(movesRows && { database: describeDatabase(target) }),
    ...(movesBlobs && { storage: describeStorage(target) }),
  }
}

function requireSame(begun: RelocationState, asked: RelocationState): void {
  if (begun.database === asked.database && begun.storage === asked.storage) return
  const places = [begun.database, begun.storage].filter((place) => place !== undefined).join(' and ')
  throw rejection(
    `a move to ${places} was begun`,
    'complete the move with the same options. To abandon the move, delete the directory migrating in the data directory, and empty the targets',
  )
}

function requireOther(source: RelocationPlace, { target, movesRows, movesBlobs }: RelocationTarget): void {
  requireDatabase(source)
  if (!movesRows && !movesBlobs) {
    throw rejection('there is nothing to move', 'set --to-database, or --to-storage, or both')
  }
  if (movesRows && describeDatabase(source) === describeDatabase(target)) {
    throw rejection(`the rows are already in ${describeDatabase(source)}`, 'set --to-database to a different database')
  }
  if (movesBlobs && describeStorage(source) === describeStorage(target)) {
    throw rejection(`the blobs are already in ${describeStorage(source)}`, 'set --to-storage to a different blob store')
  }
}

function rejection(message: string, nextStep: string): StartupError {
  return new StartupError(message, exitCodes.configuration, nextStep)
}
