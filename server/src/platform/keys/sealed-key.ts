import { createPrivateKey, createPublicKey, hash, type KeyObject } from 'node:crypto'
import { type CryptoKey, type JWK, exportJWK, generateKeyPair, importJWK } from 'jose'
import type { Sealer } from './sealing.ts'
import type { SigningKeyRow } from './signing-key-store.ts'

export type SigningAlgorithm = 'ES256' | 'RS256'

/** The purpose of the keys of one ring, and the sealer of their private parts. */
export type KeyPurpose = {
  readonly sealer: Sealer
  /** The name of the ring. A database can contain several rings. */
  readonly purpose: string
  readonly algorithm: SigningAlgorithm
}

/** A stored key that is ready for use. */
export type OpenedKey = {
  readonly row: SigningKeyRow
  readonly publicKey: CryptoKey
  readonly privateKey: CryptoKey
  readonly keyObject: KeyObject
}

/** Generates a key, and seals its private part. */
export async function generateSealedKey(
  { sealer, purpose, algorithm }: KeyPurpose,
  nowMs: number,
): Promise<SigningKeyRow> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true, modulusLength: 2048 })
  const publicJwk = await exportJWK(publicKey)
  const kid = keyId(publicJwk)
  return {
    purpose,
    kid,
    public_jwk: JSON.stringify({ ...publicJwk, kid, alg: algorithm, use: 'sig' }),
    sealed_private_jwk: sealer.seal(JSON.stringify(await exportJWK(privateKey)), sealContextOf({ purpose, kid })),
    created_at_ms: nowMs,
    verifies_until_ms: null,
  }
}

/** Opens a stored key. @throws SealedValueError if the master key did not seal the key */
export async function openSealedKey(
  { sealer, purpose, algorithm }: KeyPurpose,
  row: SigningKeyRow,
): Promise<OpenedKey> {
  const privateText = Buffer.from(sealer.open(row.sealed_private_jwk, sealContextOf(row))).toString()
  const privateJwk = JSON.parse(privateText) as JWK
  const publicJwk = JSON.parse(row.public_jwk) as JWK
  const [publicKey, privateKey] = await Promise.all([publicJwk, privateJwk].map((jwk) => importKey(jwk, algorithm)))
  if (publicKey === undefined || privateKey === undefined)
    throw new Error(`a key of the key ring ${purpose} is symmetric`)
  return { row, publicKey, privateKey, keyObject: createPrivateKey({ key: privateJwk, format: 'jwk' }) }
}

/** The sealing context of the private part of a stored key. */
export function sealContextOf({ purpose, kid }: Pick<SigningKeyRow, 'purpose' | 'kid'>): string {
  return `signing-key/${purpose}/${kid}`
}

/** Undefined if the key is symmetric. */
async function importKey(jwk: JWK, algorithm: SigningAlgorithm): Promise<CryptoKey | undefined> {
  const key = await importJWK(jwk, algorithm)
  return key instanceof Uint8Array ? undefined : key
}

const base32Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/**
 * The key's id in the form of `libtrust`: 240 bits of its SHA-256 hash in base32, in groups of four characters.
 * [distribution spec/auth/jwt.md]
 */
function keyId(publicJwk: JWK): string {
  const der = createPublicKey({ key: publicJwk, format: 'jwk' }).export({ type: 'spki', format: 'der' })
  const bits = [...hash('sha256', der, 'buffer').subarray(0, 30)]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
  const text = bits.replaceAll(/.{5}/g, (five) => base32Alphabet[Number.parseInt(five, 2)] ?? '')
  return text.replaceAll(/.{4}(?=.)/g, '$&:')
}
