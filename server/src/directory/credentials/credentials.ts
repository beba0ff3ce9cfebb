import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { type KeyCredential, UnusableCertificateError, makeCertificate } from './certificate.ts'
import { makeSecret } from './client-secrets.ts'
import { DirectoryError } from '../errors.ts'
import type { DirectoryStore } from '../store.ts'
import type { CertificateRow, SecretRow } from '../tables.ts'

const dayMs = 24 * 60 * 60 * 1000

/** How long a secret lives when nothing is said. */
export const defaultSecretDays = 365

/** How many secrets, and how many certificates, one application or service principal may have at a time. */
export const credentialLimit = 100

/** A clock that is a little ahead of ours must not make "two years" too long. */
const clockSlackMs = 60 * 60 * 1000

/** The application or service principal that credentials are added to, and the application that they prove. */
export type Holder = { readonly holderId: string; readonly appId: string }

/** What a client says of a new secret. */
export type SecretRequest = {
  readonly displayName: string | null
  readonly startsAtMs: number | undefined
  readonly expiresAtMs: number | undefined
}

/** The changes of credentials. Each throws {@link DirectoryError} for what may not be. */
export function createCredentials(options: {
  readonly store: DirectoryStore
  readonly clock: Clock
  readonly longestCredentialDays: number
}) {
  const { store, clock, longestCredentialDays } = options

  function checkLifetime(startsAtMs: number, expiresAtMs: number): void {
    const nowMs = clock.now()
    if (expiresAtMs <= startsAtMs || expiresAtMs <= nowMs) {
      throw new DirectoryError('invalid', 'Credential end date is invalid.')
    }
    if (expiresAtMs > nowMs + longestCredentialDays * dayMs + clockSlackMs) {
      const limit = `The longest is ${longestCredentialDays} days.`
      throw new DirectoryError('invalid', `Credential lifetime exceeds the max value allowed. ${limit}`)
    }
  }

  /** A checked secret, ready to be inserted; made outside the transaction, which may run more than once. */
  function prepareSecret(holder: Holder, request: SecretRequest): { secretText: string; row: SecretRow } {
    const startsAtMs = request.startsAtMs ?? clock.now()
    const expiresAtMs = request.expiresAtMs ?? Math.max(startsAtMs, clock.now()) + defaultSecretDays * dayMs
    checkLifetime(startsAtMs, expiresAtMs)
    return makeSecret({ ...holder, displayName: request.displayName, startsAtMs, expiresAtMs })
  }

  async function insertSecret(transaction: Transaction, row: SecretRow): Promise<void> {
    if ((await store.secrets(transaction, row.holder_id)).length >= credentialLimit) {
      throw new DirectoryError('quota', `An object has at most ${credentialLimit} password credentials.`)
    }
    await store.insertSecret(transaction, row)
  }

  async function removeSecret(transaction: Transaction, holderId: string, keyId: string): Promise<void> {
    transaction.changesAuthority()
    if (!(await store.deleteSecret(transaction, holderId, keyId))) {
      throw new DirectoryError('invalid', `No password credential found with keyId '${keyId}'.`)
    }
  }

  /** Makes these the holder's certificates. One without its key stays as it is; one that is not named is removed. */
  async function replaceCertificates(
    transaction: Transaction,
    holder: Holder,
    credentials: readonly KeyCredential[],
  ): Promise<void> {
    transaction.changesAuthority()
    if (credentials.length > credentialLimit) {
      throw new DirectoryError('quota', `An object has at most ${credentialLimit} key credentials.`)
    }
    const present = await store.certificates(transaction, holder.holderId)
    const rows = credentials.map((credential) => certificateRow(holder, credential, present))
    if (new Set(rows.map((row) => row.key_id)).size < rows.length) {
      throw new DirectoryError('invalid', 'The keyId of a key credential is used twice.')
    }
    await store.replaceCertificates(transaction, holder.holderId, rows)
  }

  function certificateRow(
    holder: Holder,
    credential: KeyCredential,
    present: readonly CertificateRow[],
  ): CertificateRow {
    const { key, keyId } = credential
    const known = present.find((row) => row.key_id === keyId)
    if (key === null) {
      if (known !== undefined) return known
      throw new DirectoryError('invalid', 'A new key credential must have a key.')
    }
    try {
      const row = makeCertificate(holder, { ...credential, key })
      checkLifetime(row.starts_at_ms, row.expires_at_ms)
      const same = known?.thumbprint === row.thumbprint && known.expires_at_ms === row.expires_at_ms
      return same ? known : row
    } catch (error) {
      if (error instanceof UnusableCertificateError)
        throw new DirectoryError('invalid', error.message, { cause: error })
      throw error
    }
  }

  return { prepareSecret, insertSecret, removeSecret, replaceCertificates }
}

export type Credentials = ReturnType<typeof createCredentials>
