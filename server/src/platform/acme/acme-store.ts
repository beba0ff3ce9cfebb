import type { Database } from '../sql/database.ts'

/** The account of this server at a provider. */
export type AccountRow = {
  /** The URL of the provider's directory. */
  readonly directory: string
  readonly sealed_private_jwk: Uint8Array
  /** Null until the provider has registered the key. */
  readonly url: string | null
}

/** A certificate that a provider issued. */
export type CertificateRow = {
  readonly host: string
  readonly directory: string
  /** The certificate and its intermediate certificates, in PEM. */
  readonly chain: string
  /** The private key, PKCS #8 in PEM. */
  readonly sealed_key: Uint8Array
}

/** A challenge that the provider may check now. */
export type ChallengeRow = { readonly host: string; readonly token: string; readonly key_authorization: string }

/**
 * The last failure to get a certificate for a host. Owners can read the failure. The row is deleted when the host gets
 * a certificate.
 */
export type FailureRow = {
  readonly host: string
  readonly failed_at_ms: number
  /** The number of consecutive failures. */
  readonly failures: number
  readonly reason: string
  /** When the process that failed repeats the order. */
  readonly retry_at_ms: number
}

type AcmeTables = {
  acme_failure: FailureRow
  acme_account: AccountRow
  acme_certificate: CertificateRow
  acme_challenge: ChallengeRow
}

export type AcmeStore = ReturnType<typeof createAcmeStore>

/** The SQL statements for accounts, certificates and challenges. */
export function createAcmeStore(database: Database) {
  return {
    ...createChallengeStore(database),
    ...createFailureStore(database),
    findAccount: (directory: string) =>
      database
        .tables<AcmeTables>()
        .selectFrom('acme_account')
        .selectAll()
        .where('directory', '=', directory)
        .executeTakeFirst(),
    insertAccount: (row: AccountRow) =>
      database.transaction((transaction) =>
        transaction.tables<AcmeTables>().insertInto('acme_account').values(row).execute(),
      ),
    updateAccountUrl: (directory: string, url: string | null) =>
      database.transaction((transaction) =>
        transaction
          .tables<AcmeTables>()
          .updateTable('acme_account')
          .set({ url })
          .where('directory', '=', directory)
          .execute(),
      ),
    listCertificates: (directory: string) =>
      database
        .tables<AcmeTables>()
        .selectFrom('acme_certificate')
        .selectAll()
        .where('directory', '=', directory)
        .execute(),
    putCertificate: (row: CertificateRow) =>
      database.transaction(async (transaction) => {
        const tables = transaction.tables<AcmeTables>()
        await tables.deleteFrom('acme_certificate').where('host', '=', row.host).execute()
        await tables.insertInto('acme_certificate').values(row).execute()
      }),
    removeCertificate: (host: string) =>
      database.transaction((transaction) =>
        transaction.tables<AcmeTables>().deleteFrom('acme_certificate').where('host', '=', host).execute(),
      ),
  }
}

function createFailureStore(database: Database) {
  return {
    listFailures: () => database.tables<AcmeTables>().selectFrom('acme_failure').selectAll().execute(),
    putFailure: (row: FailureRow) =>
      database.transaction((transaction) =>
        transaction
          .tables<AcmeTables>()
          .insertInto('acme_failure')
          .values(row)
          .onConflict((conflict) => conflict.column('host').doUpdateSet(row))
          .execute(),
      ),
    removeFailure: (host: string) =>
      database.transaction((transaction) =>
        transaction.tables<AcmeTables>().deleteFrom('acme_failure').where('host', '=', host).execute(),
      ),
  }
}

function createChallengeStore(database: Database) {
  return {
    listChallenges: () => database.tables<AcmeTables>().selectFrom('acme_challenge').selectAll().execute(),
    findChallenge: (token: string) =>
      database
        .tables<AcmeTables>()
        .selectFrom('acme_challenge')
        .selectAll()
        .where('token', '=', token)
        .executeTakeFirst(),
    /** Publishes the challenge of a host, and replaces a challenge that a stopped process did not remove. */
    putChallenge: (row: ChallengeRow) =>
      database.transaction(async (transaction) => {
        const tables = transaction.tables<AcmeTables>()
        await tables.deleteFrom('acme_challenge').where('host', '=', row.host).execute()
        await tables.insertInto('acme_challenge').values(row).execute()
      }),
    removeChallenge: (host: string) =>
      database.transaction((transaction) =>
        transaction.tables<AcmeTables>().deleteFrom('acme_challenge').where('host', '=', host).execute(),
      ),
  }
}
