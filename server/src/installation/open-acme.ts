import { type AcmeCertificates, openAcmeCertificates } from '../platform/acme/acme-certificates.ts'
import type { ExternalAccount } from '../platform/acme/acme-client.ts'
import { readSecretFile, unusableSettingFile } from '../platform/files/setting-file.ts'
import type { Sealer } from '../platform/keys/sealing.ts'
import type { Log } from '../platform/log/log.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Database } from '../platform/sql/database.ts'
import { readPemFile } from '../platform/tls/key-pair.ts'
import type { AcmeSettings } from './settings.ts'

type AcmeParts = { readonly database: Database; readonly sealer: Sealer; readonly clock: Clock; readonly log: Log }

/**
 * Opens the certificates of the configured ACME provider. The result is undefined if no provider is configured.
 *
 * @throws StartupError if a file of the settings cannot be used
 */
export async function openAcme(settings: AcmeSettings, parts: AcmeParts): Promise<AcmeCertificates | undefined> {
  const { directory, email, httpListen, caFile } = settings
  if (directory === undefined) return undefined
  return openAcmeCertificates({
    ...parts,
    directory,
    email,
    extraCa: caFile === undefined ? undefined : await readPemFile(caFile),
    externalAccount: await readExternalAccount(settings),
    challenge: httpListen === undefined ? 'tls-alpn-01' : 'http-01',
  })
}

async function readExternalAccount({
  eabKeyId: keyId,
  eabKeyFile: file,
}: AcmeSettings): Promise<ExternalAccount | undefined> {
  if (keyId === undefined || file === undefined) return undefined
  const text = (await readSecretFile(file, 'HMAC key')).replace(/=+$/, '')
  const hmacKey = Buffer.from(text, 'base64url')
  if (/^[A-Za-z0-9_-]{16,1024}$/.test(text)) return { keyId, hmacKey }
  throw unusableSettingFile(
    `${file} contains no HMAC key in base64url`,
    'copy the key from the website of the ACME provider',
  )
}
