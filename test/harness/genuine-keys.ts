import { createDecipheriv, createPrivateKey, sign, type webcrypto } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { stringAt } from './json.ts'
import type { RunningServer } from './server.ts'

const version = 1
const nonceBytes = 12
const tagBytes = 16

/** Opens what the server sealed under its master key: version, nonce, AES-256-GCM ciphertext, tag. */
function unseal(masterKey: Buffer, sealed: Uint8Array, context: string): string {
  const decipher = createDecipheriv('aes-256-gcm', masterKey, sealed.subarray(1, 1 + nonceBytes))
  decipher.setAAD(Buffer.concat([Buffer.of(version), Buffer.from(context)]))
  decipher.setAuthTag(sealed.subarray(-tagBytes))
  const text = decipher.update(sealed.subarray(1 + nonceBytes, -tagBytes))
  return Buffer.concat([text, decipher.final()]).toString('utf8')
}

/**
 * Signs claims with the server's own key that the header names by `kid`, as anyone who has read the data directory could. So a
 * test can send tokens that are genuine except for the property that it tests.
 */
export function signGenuinely(server: RunningServer, header: object, claims: object): string {
  const kid = stringAt(header, 'kid')
  using database = new DatabaseSync(join(server.dataDir, 'acrux.db'), { readOnly: true })
  const row = database.prepare('select purpose, sealed_private_jwk from signing_key where kid = ?').get(kid)
  if (row === undefined) throw new Error(`the server has no signing key ${kid}`)
  const { purpose, sealed_private_jwk: sealed } = row as { purpose: string; sealed_private_jwk: Uint8Array }
  const masterKey = readFileSync(join(server.dataDir, 'master.key'))
  const key = JSON.parse(unseal(masterKey, sealed, `signing-key/${purpose}/${kid}`)) as webcrypto.JsonWebKey
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const privateKey = { key: createPrivateKey({ key, format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const
  return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`
}
