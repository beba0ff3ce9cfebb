import { randomBytes, randomUUID } from 'node:crypto'
import type { Transaction } from '../sql/database.ts'
import { type DataKeyRow, type DataKeySource, insertDataKey, listDataKeys } from './data-key-store.ts'
import type { MasterKey } from './master-key.ts'
import { sealContextOf } from './sealed-key.ts'
import { SealedValueError, UnreadableKeyError, keySizeBytes, sealerOfKey } from './sealing.ts'
import { anySigningKey } from './signing-key-store.ts'

/** Creates the data key of a new database, wraps it with the master key, and stores the wrapped data key. */
export async function createDataKey(transaction: Transaction, masterKey: MasterKey, nowMs: number): Promise<Buffer> {
  const dataKey = randomBytes(keySizeBytes)
  await insertDataKey(transaction, await wrapDataKey(dataKey, masterKey, nowMs))
  return dataKey
}

/** Wraps the data key with a master key. */
export async function wrapDataKey(dataKey: Uint8Array, masterKey: MasterKey, nowMs: number): Promise<DataKeyRow> {
  const wrapped = await masterKey.wrap(dataKey)
  return { id: randomUUID(), kind: masterKey.kind, wrapped_key: wrapped, created_at_ms: nowMs }
}

/** The data key of a database, and its wrapped form; undefined if the master key itself is the data key. */
export type OpenedDataKey = { readonly dataKey: Buffer; readonly row: DataKeyRow | undefined }

/**
 * Opens the data key of a database.
 *
 * @throws UnreadableKeyError if the master key does not belong to the database
 */
export async function openDataKey(source: DataKeySource, masterKey: MasterKey): Promise<OpenedDataKey> {
  const rows = await listDataKeys(source)
  if (rows.length === 0) return { dataKey: await directKey(source, masterKey), row: undefined }
  let failure: unknown
  for (const row of rows) {
    if (row.kind !== masterKey.kind) continue
    const dataKey = await masterKey.unwrap(row.wrapped_key).catch((error: unknown) => {
      failure ??= error
      return undefined
    })
    if (dataKey !== undefined) return { dataKey, row }
  }
  throw failure ?? foreignKey(masterKey)
}

/** Returns the master key itself, if the master key seals the values of the database directly. */
async function directKey(source: DataKeySource, masterKey: MasterKey): Promise<Buffer> {
  const { direct } = masterKey
  if (direct === undefined) {
    throw new UnreadableKeyError(
      'the key in the file master.key encrypted the values in the database, not the command in masterKey',
      'omit masterKey, then run acrux master-key rotate --to exec:COMMAND',
    )
  }
  const sealed = await anySigningKey(source)
  try {
    if (sealed !== undefined) sealerOfKey(direct).open(sealed.sealed_private_jwk, sealContextOf(sealed))
  } catch (error) {
    throw error instanceof SealedValueError ? foreignKey(masterKey) : error
  }
  return direct
}

function foreignKey({ name }: MasterKey): UnreadableKeyError {
  return new UnreadableKeyError(
    `${name} is not the key of this database: another key encrypted the secrets in the database`,
    'set masterKey to the key of the other servers on the database, or restore the key from a backup',
  )
}
