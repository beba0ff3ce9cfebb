import { randomBytes } from 'node:crypto'
import { rename } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { type Audit, createAudit } from '../../audit/index.ts'
import { DataDirLockedError, databaseFileIn, openDataDir } from '../../platform/files/data-dir.ts'
import { syncDirectory } from '../../platform/files/durable-file.ts'
import { openDataKey, wrapDataKey } from '../../platform/keys/data-key.ts'
import {
  type DataKeyRow,
  type DataKeySource,
  deleteDataKeys,
  insertDataKey,
  listDataKeys,
} from '../../platform/keys/data-key-store.ts'
import { type MasterKey, openMasterKey } from '../../platform/keys/master-key.ts'
import type { MasterKeySource } from '../../platform/keys/master-key-source.ts'
import {
  UnreadableKeyError,
  createMasterKeyFile,
  keySizeBytes,
  readMasterKeyFile,
} from '../../platform/keys/sealing.ts'
import { systemClock } from '../../platform/process/clock.ts'
import { sendControlCommand } from '../../platform/process/control-channel.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { newTimeOrderedId } from '../../platform/process/time-ordered-id.ts'
import type { Database } from '../../platform/sql/database.ts'
import { openSqliteSnapshot } from '../../platform/sql/sqlite-database.ts'
import { type DatabasePlace, openCurrentDatabase, requireDatabase, masterKeySource } from '../../installation/index.ts'

/** The name of the command that changes the wrapped keys in the database of a running server. No key leaves this process unencrypted. */
export const changeKeysCommand = 'change-wrapped-keys'

const rowSchema = z.object({
  id: z.string(),
  kind: z.enum(['local', 'command']),
  wrappedKey: z.base64(),
  createdAtMs: z.number(),
})
const changeSchema = z.object({ add: z.array(rowSchema).max(2), remove: z.array(z.string()).max(1000) })

type Change = { readonly add: readonly DataKeyRow[]; readonly remove: readonly string[] }

/** The dependencies of a change of the wrapped keys. */
export type ChangeKeysContext = { readonly database: Database; readonly audit: Audit }

/** Changes the wrapped keys according to a command from another process. @throws Error for a malformed command */
export async function changeKeys(context: ChangeKeysContext, command: unknown): Promise<void> {
  const { add, remove } = changeSchema.parse(command)
  const rows = add.map(({ id, kind, wrappedKey, createdAtMs }) => ({
    id,
    kind,
    wrapped_key: Buffer.from(wrappedKey, 'base64'),
    created_at_ms: createdAtMs,
  }))
  await applyChange(context, { add: rows, remove })
}

async function applyChange({ database, audit }: ChangeKeysContext, { add, remove }: Change): Promise<void> {
  await database.transaction(async (transaction) => {
    for (const row of add) await insertDataKey(transaction, row)
    if (remove.length > 0) await deleteDataKeys(transaction, remove)
    if ((await listDataKeys(transaction)).length === 0) throw new Error('a database must keep at least one wrapped key')
    await audit.record(transaction, {
      action: add.length > 0 ? 'master-key.rotate' : 'master-key.remove-old',
      outcome: 'success',
      actor: { kind: 'system', id: 'acrux' },
      target: 'master-key',
      detail: { added: add.length, removed: remove.length },
      origin: { correlationId: newTimeOrderedId(systemClock.now()), remoteAddress: '', userAgent: undefined },
    })
  })
}

/**
 * Replaces the master key: encrypts the data key with the master key of `to`. Without `to`, replaces the file of the current master key
 * with a new key. Running servers continue. The old master key opens the database until {@link removeOldMasterKeys}, unless its file was
 * replaced.
 *
 * @throws StartupError
 */
export async function rotateMasterKey(place: DatabasePlace, to: MasterKeySource | undefined): Promise<void> {
  requireDatabase(place)
  const source = masterKeySource(place)
  const current = await openMasterKey(source)
  const { dataKey, row } = await readKeys(place, (tables) => openDataKey(tables, current))
  const nowMs = systemClock.now()
  // If a database has no wrapped keys, its master key must stay usable until the file of the key is replaced.
  const before = row ?? (await wrapDataKey(dataKey, current, nowMs - 1))
  const add = row === undefined ? [before] : []
  if (to !== undefined) {
    await change(place, { add: [...add, await wrapDataKey(dataKey, await openNewMasterKey(to), nowMs)], remove: [] })
    return
  }
  if (source.kind !== 'file') {
    throw new StartupError(
      'the master key is not in a file',
      exitCodes.configuration,
      'name the new master key with --to',
    )
  }
  const next = `${source.file}.next`
  await createMasterKeyFile(next, randomBytes(keySizeBytes))
  const replacement: MasterKey = await openMasterKey({ kind: 'file', file: next })
  await change(place, { add: [...add, await wrapDataKey(dataKey, replacement, nowMs)], remove: [] })
  await rename(next, source.file)
  await syncDirectory(path.dirname(source.file))
  await removeOldMasterKeys(place)
}

/** Opens a master key with which no data is encrypted yet. @throws UnreadableKeyError */
async function openNewMasterKey(source: MasterKeySource): Promise<MasterKey> {
  if (source.kind === 'file' && (await readMasterKeyFile(source.file)) === undefined) {
    throw new UnreadableKeyError(
      `the new master key ${source.file} does not exist`,
      `create the master key: (umask 077; openssl rand -base64 ${keySizeBytes} > ${source.file})`,
    )
  }
  return openMasterKey(source)
}

/**
 * Removes the data keys that are encrypted with a master key other than the configured master key. Returns the number of removed keys.
 * Afterwards, only the configured master key opens the database.
 *
 * @throws StartupError
 */
export async function removeOldMasterKeys(place: DatabasePlace): Promise<number> {
  requireDatabase(place)
  const masterKey = await openMasterKey(masterKeySource(place))
  const { row, rows } = await readKeys(place, async (tables) => ({
    ...(await openDataKey(tables, masterKey)),
    rows: await listDataKeys(tables),
  }))
  const remove = rows.filter(({ id }) => id !== row?.id).map(({ id }) => id)
  if (remove.length > 0) await change(place, { add: [], remove })
  return remove.length
}

/** Reads the wrapped keys, even while a server is running. */
async function readKeys<Result>(
  place: DatabasePlace,
  read: (source: DataKeySource) => Promise<Result>,
): Promise<Result> {
  if (place.database.url === undefined) {
    const snapshot = openSqliteSnapshot(databaseFileIn(place.dataDir))
    try {
      return await read(snapshot)
    } finally {
      snapshot.close()
    }
  }
  const database = await openCurrentDatabase(place)
  try {
    return await read(database)
  } finally {
    await database.close()
  }
}

/** Changes the wrapped keys. If a server is running, the server makes the change. */
async function change(place: DatabasePlace, wanted: Change): Promise<void> {
  try {
    await changeStopped(place, wanted)
    return
  } catch (error) {
    if (!(error instanceof DataDirLockedError)) throw error
  }
  const add = wanted.add.map(({ id, kind, wrapped_key, created_at_ms }) => ({
    id,
    kind,
    wrappedKey: Buffer.from(wrapped_key).toString('base64'),
    createdAtMs: created_at_ms,
  }))
  const answer = await sendControlCommand(place.dataDir, { command: changeKeysCommand, add, remove: wanted.remove })
  if (!answer.ok) throw new StartupError(answer.message, exitCodes.unexpected, 'see the log of the server')
}

async function changeStopped(place: DatabasePlace, wanted: Change): Promise<void> {
  const dataDir = await openDataDir(place.dataDir)
  try {
    const database = await openCurrentDatabase(place)
    try {
      await applyChange({ database, audit: createAudit({ database, clock: systemClock }) }, wanted)
    } finally {
      await database.close()
    }
  } finally {
    dataDir.close()
  }
}
