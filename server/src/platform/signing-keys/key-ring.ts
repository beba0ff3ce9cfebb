import { type KeyObject, createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { type CryptoKey, type JWK, exportJWK, generateKeyPair, importJWK } from 'jose'
import type { Clock } from '../clock.ts'
import type { Sealer } from '../sealing.ts'
import type { Database } from '../sql/database.ts'
import { type SigningKeyRow, createSigningKeyStore } from './store.ts'

export type KeyRingOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly sealer: Sealer
  /** Tells the rings of one database apart. */
  readonly purpose: string
  readonly algorithm: 'ES256' | 'RS256'
  /** A key that has signed for so long is replaced. */
  readonly rotationMilliseconds: number
  /** The longest life of anything that the keys sign: so long a replaced key still verifies. */
  readonly signatureMilliseconds: number
}

export type SigningKey = {
  readonly kid: string
  readonly algorithm: 'ES256' | 'RS256'
  readonly privateKey: CryptoKey
  /** The same key, for `node:crypto`. */
  readonly keyObject: KeyObject
}

/** Keys that sign, one at a time, and verify as long as something they signed may be in use. */
export interface KeyRing {
  /** The key that signs now. Makes one where there is none or its time is over. */
  current(): Promise<SigningKey>
  /** The public key of that id, if it may still verify. An unknown id is looked up again at most once a second. */
  verifier(kid: string): Promise<CryptoKey | undefined>
  /** Replaces the signing key now. */
  rotate(): Promise<void>
  /** The public keys that may still verify, newest first. [RFC 7517 §5] */
  publicKeys(): Promise<JWK[]>
}

type LoadedKey = {
  readonly row: SigningKeyRow
  readonly publicKey: CryptoKey
  readonly privateKey: CryptoKey
  readonly keyObject: KeyObject
}

/** How long an unknown key id keeps the ring from being read again: anybody can invent key ids. */
const reloadPauseMilliseconds = 1000

/** Opens a ring of keys that lie in the database, their private parts sealed. */
export function createKeyRing(options: KeyRingOptions): KeyRing {
  const { database, clock, sealer, purpose, algorithm } = options
  const store = createSigningKeyStore(database, purpose)
  const context = (kid: string) => `signing-key/${purpose}/${kid}`
  let loaded: LoadedKey[] | undefined
  let loadedAtMs = 0

  async function load(): Promise<LoadedKey[]> {
    loadedAtMs = clock.now()
    loaded = await Promise.all((await store.all()).map(open))
    return loaded
  }

  async function open(row: SigningKeyRow): Promise<LoadedKey> {
    const privateJwk = JSON.parse(Buffer.from(sealer.open(row.sealed_private_jwk, context(row.kid))).toString()) as JWK
    const publicJwk = JSON.parse(row.public_jwk) as JWK
    const [publicKey, privateKey] = await Promise.all([importKey(publicJwk), importKey(privateJwk)])
    return { row, publicKey, privateKey, keyObject: createPrivateKey({ key: privateJwk, format: 'jwk' }) }
  }

  async function importKey(jwk: JWK): Promise<CryptoKey> {
    const key = await importJWK(jwk, algorithm)
    if (key instanceof Uint8Array) throw new Error(`a key of the ring ${purpose} is symmetric`)
    return key
  }

  async function newRow(): Promise<SigningKeyRow> {
    const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true, modulusLength: 2048 })
    const publicJwk = await exportJWK(publicKey)
    const kid = keyId(publicJwk)
    return {
      purpose,
      kid,
      public_jwk: JSON.stringify({ ...publicJwk, kid, alg: algorithm, use: 'sig' }),
      sealed_private_jwk: sealer.seal(JSON.stringify(await exportJWK(privateKey)), context(kid)),
      created_at_ms: clock.now(),
      verifies_until_ms: null,
    }
  }

  /** Makes a new signing key, unless another process has done so since `before` was seen. */
  async function replace(before: SigningKeyRow | undefined): Promise<void> {
    const row = await newRow()
    await database.transaction(async (transaction) => {
      const signing = (await store.all(transaction)).find(({ verifies_until_ms }) => verifies_until_ms === null)
      if (signing?.kid !== before?.kid) return
      await store.retire(transaction, row.created_at_ms + options.signatureMilliseconds)
      await store.removeOutdated(transaction, row.created_at_ms)
      await store.insert(transaction, row)
    })
    await load()
  }

  async function signing(): Promise<LoadedKey | undefined> {
    return (loaded ?? (await load())).find(({ row }) => row.verifies_until_ms === null)
  }

  const verifies = ({ row }: LoadedKey) => row.verifies_until_ms === null || row.verifies_until_ms > clock.now()

  let replacing: Promise<void> | undefined
  function replaceOnce(before: SigningKeyRow | undefined): Promise<void> {
    replacing ??= replace(before).finally(() => {
      replacing = undefined
    })
    return replacing
  }

  return {
    current: async () => {
      let key = await signing()
      if (key === undefined || clock.now() - key.row.created_at_ms >= options.rotationMilliseconds) {
        await replaceOnce(key?.row)
        key = await signing()
      }
      if (key === undefined) throw new Error(`the ring ${purpose} has no signing key`)
      return { kid: key.row.kid, algorithm, privateKey: key.privateKey, keyObject: key.keyObject }
    },
    verifier: async (kid) => {
      const find = (keys: readonly LoadedKey[]) => keys.find((key) => key.row.kid === kid && verifies(key))?.publicKey
      const found = find(loaded ?? (await load()))
      if (found !== undefined || clock.now() - loadedAtMs < reloadPauseMilliseconds) return found
      return find(await load())
    },
    rotate: async () => replaceOnce((await signing())?.row),
    publicKeys: async () => {
      // A list that is asked for before anything was signed names the key that will sign.
      if ((await signing()) === undefined) await replaceOnce(undefined)
      return (await load()).filter(verifies).map(({ row }) => JSON.parse(row.public_jwk) as JWK)
    },
  }
}

const base32Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The key's id in libtrust's form: 240 bits of its SHA-256 in base32, in groups of four. [distribution spec/auth/jwt.md] */
function keyId(publicJwk: JWK): string {
  const der = createPublicKey({ key: publicJwk, format: 'jwk' }).export({ type: 'spki', format: 'der' })
  const bits = [...createHash('sha256').update(der).digest().subarray(0, 30)]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
  const text = bits.replaceAll(/.{5}/g, (five) => base32Alphabet[Number.parseInt(five, 2)] ?? '')
  return text.replaceAll(/.{4}(?=.)/g, '$&:')
}
