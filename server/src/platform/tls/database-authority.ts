import type { Sealer } from '../keys/sealing.ts'
import type { Database, Transaction } from '../sql/database.ts'
import { type AuthorityStore, deleteAuthorityFile, readAuthorityFile } from './authority-files.ts'
import type { KeyPair } from './key-pair.ts'

/** The certificate and the key of the authority, both in PEM. The table has at most one row. */
type AuthorityTables = {
  certificate_authority: { readonly certificate: string; readonly sealed_key: Uint8Array }
}

const context = 'certificate-authority'

/**
 * Whether a database contains an authority. A SQLite database contains an authority only if its rows were in PostgreSQL
 * before.
 */
export async function hasAuthority(source: Pick<Transaction, 'tables'>): Promise<boolean> {
  const found = source.tables<AuthorityTables>().selectFrom('certificate_authority').select('certificate')
  return (await found.executeTakeFirst()) !== undefined
}

/**
 * Stores the authority in the database, with a sealed key, so that all servers on the database have the same authority.
 * If an earlier version stored the authority in `directory`, the authority is moved to the database.
 */
export function createDatabaseAuthority(database: Database, sealer: Sealer, directory: string): AuthorityStore {
  const read = async (source: Pick<Transaction, 'tables'>): Promise<KeyPair | undefined> => {
    const tables = source.tables<AuthorityTables>()
    const row = await tables.selectFrom('certificate_authority').selectAll().executeTakeFirst()
    return row && { cert: row.certificate, key: sealer.open(row.sealed_key, context).toString() }
  }
  const replace = (previous: KeyPair | undefined, pair: KeyPair): Promise<KeyPair> =>
    database.exclusiveTransaction(async (transaction) => {
      const stored = await read(transaction)
      if (stored !== undefined && stored.cert !== previous?.cert) return stored
      const tables = transaction.tables<AuthorityTables>()
      await tables.deleteFrom('certificate_authority').execute()
      const row = { certificate: pair.cert, sealed_key: sealer.seal(pair.key, context) }
      await tables.insertInto('certificate_authority').values(row).execute()
      return pair
    })
  return {
    isShared: true,
    replace,
    read: async () => {
      const stored = await read(database)
      if (stored !== undefined) return stored
      const file = await readAuthorityFile(directory)
      if (file === undefined) return undefined
      const moved = await replace(undefined, file)
      if (moved.cert === file.cert) await deleteAuthorityFile(directory)
      return moved
    },
  }
}
