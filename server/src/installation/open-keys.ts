import { masterKeyFileIn } from '../platform/files/data-dir.ts'
import { type OpenedDataKey, createDataKey, openDataKey, wrapDataKey } from '../platform/keys/data-key.ts'
import { type DataKeySource, insertDataKey, listDataKeys } from '../platform/keys/data-key-store.ts'
import { openMasterKey } from '../platform/keys/master-key.ts'
import type { MasterKeySource } from '../platform/keys/master-key-source.ts'
import { type Sealer, ensureMasterKeyFile, sealerOfKey } from '../platform/keys/sealing.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import type { KeyPlace } from './settings.ts'

/** The source of the master key: the source in the settings, or the file in the data directory. */
export function masterKeySource({ dataDir, masterKey }: KeyPlace): MasterKeySource {
  return masterKey ?? { kind: 'file', file: masterKeyFileIn(dataDir) }
}

/** Opens the data key of a database. @throws UnreadableKeyError if the master key does not belong to the database */
export async function openKey(place: KeyPlace, source: DataKeySource): Promise<OpenedDataKey> {
  return openDataKey(source, await openMasterKey(masterKeySource(place)))
}

/** The sealer of the secrets in a database. @throws UnreadableKeyError */
export async function openDatabaseSealer(place: KeyPlace, source: DataKeySource): Promise<Sealer> {
  return sealerOfKey((await openKey(place, source)).dataKey)
}

/**
 * Creates the data key of a new database. Without the setting `masterKey`, a database in a file needs no separate data key: the master key
 * is the data key.
 *
 * @throws UnreadableKeyError
 */
export async function createKey(transaction: Transaction, place: KeyPlace, nowMs: number): Promise<Buffer> {
  if (place.masterKey === undefined) {
    const key = await ensureMasterKeyFile(masterKeyFileIn(place.dataDir))
    if (transaction.kind === 'sqlite') return key
  }
  return createDataKey(transaction, await openMasterKey(masterKeySource(place)), nowMs)
}

/**
 * Opens the data key of an existing database. A PostgreSQL database of an earlier version gets a wrapped key, so that each of its servers
 * can check whether its own master key is correct.
 *
 * @throws UnreadableKeyError if the master key does not belong to the database
 */
export async function openExistingKey(database: Database, place: KeyPlace, nowMs: number): Promise<Buffer> {
  const { dataKey, row } = await openKey(place, database)
  if (row !== undefined || database.kind === 'sqlite') return dataKey
  const wrapped = await wrapDataKey(dataKey, await openMasterKey(masterKeySource(place)), nowMs)
  await database.exclusiveTransaction(async (transaction) => {
    if ((await listDataKeys(transaction)).length === 0) await insertDataKey(transaction, wrapped)
  })
  return dataKey
}
