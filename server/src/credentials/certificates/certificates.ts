import { type Directory, DirectoryError } from '../../directory/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { nullGuid, parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { requireHolder } from '../records/holders.ts'
import { type RequireLifetime, maxCredentials } from '../records/lifetime.ts'
import type { CertificateRecord, ClientCertificate, Holder, HolderKind } from '../records/model.ts'
import type { CertificateRow } from '../records/rows.ts'
import type { CertificateStore } from './certificate-store.ts'
import { type KeyCredential, UnusableCertificateError, makeCertificate } from './certificate.ts'

export type CertificatesOptions = {
  readonly directory: Pick<Directory, 'applications' | 'findServicePrincipal'>
  readonly store: CertificateStore
  readonly clock: Clock
  readonly requireLifetime: RequireLifetime
}

/** Replaces and reads the certificates of applications and service principals. */
export function createCertificates({ directory, store, clock, requireLifetime }: CertificatesOptions) {
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
      requireLifetime(row.starts_at_ms, row.expires_at_ms)
      const same = known?.thumbprint === row.thumbprint && known.expires_at_ms === row.expires_at_ms
      return same ? known : row
    } catch (error) {
      if (!(error instanceof UnusableCertificateError)) throw error
      throw new DirectoryError('invalid', error.message, { cause: error })
    }
  }

  return {
    /**
     * Replaces the certificates of an application or service principal. If the request contains a certificate without its key, the stored
     * certificate remains.
     *
     * @throws DirectoryError
     */
    replace: async (
      transaction: Transaction,
      kind: HolderKind,
      holderId: string,
      credentials: readonly KeyCredential[],
    ): Promise<void> => {
      transaction.changesAuthority()
      const holder = await requireHolder(directory, kind, holderId, transaction)
      if (credentials.length > maxCredentials) {
        throw new DirectoryError('quota', `An object has at most ${maxCredentials} key credentials.`)
      }
      const present = await store.ofHolder(transaction, holderId)
      const rows = credentials.map((credential) => certificateRow(holder, credential, present))
      if (new Set(rows.map((row) => row.key_id)).size < rows.length) {
        throw new DirectoryError('invalid', 'Two key credentials have the same keyId.')
      }
      await store.replace(transaction, holderId, rows)
    },

    /** The certificates of an application and of its service principal, including expired certificates. */
    ofApplication: async (appId: string): Promise<readonly ClientCertificate[]> =>
      (await store.ofApplication(parseGuid(appId) ?? nullGuid)).map((row) => ({
        credentialId: row.id,
        der: row.der,
        startsAtMs: row.starts_at_ms,
        expiresAtMs: row.expires_at_ms,
      })),

    /** The time at which the certificate expires, if the certificate is valid and its service principal is enabled. */
    validUntilMs: async (objectId: string, credentialId: string): Promise<number | undefined> => {
      const row = await store.byId(credentialId)
      if (row === undefined || clock.now() < row.starts_at_ms) return undefined
      const principal = await directory.findServicePrincipal(objectId)
      return principal?.enabled === true && principal.appId === row.app_id ? row.expires_at_ms : undefined
    },
  }
}

/** A certificate without its content. */
export function toCertificateRecord(row: CertificateRow): CertificateRecord {
  const { key_id: keyId, display_name: displayName, thumbprint } = row
  return { keyId, displayName, thumbprint, startsAtMs: row.starts_at_ms, expiresAtMs: row.expires_at_ms }
}
