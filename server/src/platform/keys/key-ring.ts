import { createPrivateKey, createPublicKey, hash, type KeyObject } from 'node:crypto'
import { type CryptoKey, type JWK, exportJWK, generateKeyPair, importJWK } from 'jose'
import type { Clock } from '../process/clock.ts'
import type { Sealer } from './sealing.ts'
import { andThen } from '../memory/revision-cache.ts'
import type { Database, Transaction } from '../sql/database.ts'
import { type SigningKeyRow, createSigningKeyStore } from './signing-key-store.ts'

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

/** The age of a signing key; instants in milliseconds since the epoch. */
export type SigningKeyTimes = { readonly createdAtMs: number; readonly rotationDueMs: number }

/** Keys that sign, one at a time, and verify as long as something they signed may be in use. */
export interface KeyRing {
  /** The key that signs now. Makes one where there is none or its time is over. */
  current(): SigningKey | Promise<SigningKey>
  /** When the signing key was made and when its rotation is due, in milliseconds. Makes a key if there is none. */
  times(): Promise<SigningKeyTimes>
  /** The public key of that id, if it may still verify. An unknown id is looked up again at most once a second. */
  verifier(kid: string): CryptoKey | undefined | Promise<CryptoKey | undefined>
  /** Replaces the signing key now. */
  rotate(): Promise<void>
  /** Takes all keys out of the ring: nothing that they signed verifies any more, in any process. */
  withdraw(transaction: Transaction): Promise<void>
  /** The public keys that may still verify, newest first, as they were at most a second ago. [RFC 7517 §5] */
  publicKeys(): Promise<JWK[]>
}

type LoadedKey = {
  readonly row: SigningKeyRow
  readonly publicKey: CryptoKey
  readonly privateKey: CryptoKey
  readonly keyObject: KeyObject
}

/** The ring as it was read, and at which revision of authority: whoever withdraws keys moves that. */
type Loaded = {
  readonly keys: LoadedKey[]
  readonly look: number
  readonly atMs: number
  readonly revision: number
}

/** How long what was read stays good enough for strangers, who can ask for the keys and invent key ids as they like. */
const reloadPauseMilliseconds = 1000
/** How long the signing key is taken for the one of the ring, though another process may have replaced it. */
const signingMilliseconds = 60_000

/** Opens a ring of keys that lie in the database, their private parts sealed. */
export function createKeyRing(options: KeyRingOptions): KeyRing {
  const { database, clock, sealer, purpose, algorithm } = options
  const store = createSigningKeyStore(database, purpose)
  const context = (kid: string) => `signing-key/${purpose}/${kid}`
  let loaded: Loaded | undefined
  let looks = 0

  /** Reads the ring. Of two looks the one that began later is kept: the other may not have seen a key replaced. */
  async function load(): Promise<LoadedKey[]> {
    const look = ++looks
    const atMs = clock.now()
    const revision = await database.authorityRevision()
    const opened = new Map(loaded?.keys.map((key) => [key.row.kid, key]))
    const reopen = async (row: SigningKeyRow) => ({ ...(opened.get(row.kid) ?? (await open(row))), row })
    const keys = await Promise.all((await store.all()).map(reopen))
    if (loaded === undefined || loaded.look < look) loaded = { keys, look, atMs, revision }
    return loaded.keys
  }

  /** What was read of the ring at most so long ago; nothing where a key may have been withdrawn since. */
  function remembered(milliseconds: number, revision: number): LoadedKey[] | undefined {
    const age = loaded === undefined ? Infinity : clock.now() - loaded.atMs
    return loaded?.revision === revision && age >= 0 && age < milliseconds ? loaded.keys : undefined
  }

  const recent = async (milliseconds: number) => remembered(milliseconds, await database.authorityRevision()) ?? load()

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

  /** Makes a new signing key where there is none, or still the one `before`: another process may have replaced it. */
  async function replace(before: SigningKeyRow | undefined): Promise<void> {
    const row = await newRow()
    await database.transaction(async (transaction) => {
      const signing = (await store.all(transaction)).find(({ verifies_until_ms }) => verifies_until_ms === null)
      if (signing !== undefined && signing.kid !== before?.kid) return
      const lastSignatureMs = row.created_at_ms + signingMilliseconds
      await store.retire(transaction, lastSignatureMs + options.signatureMilliseconds)
      await store.removeOutdated(transaction, row.created_at_ms)
      await store.insert(transaction, row)
    })
    await load()
  }

  const isSigning = ({ row }: LoadedKey) => row.verifies_until_ms === null

  async function signing(milliseconds = signingMilliseconds): Promise<LoadedKey | undefined> {
    return (await recent(milliseconds)).find(isSigning)
  }

  /** Whether it is to be replaced before it signs anything more. */
  const isOld = ({ row }: LoadedKey) => clock.now() - row.created_at_ms >= options.rotationMilliseconds

  async function freshSigning(): Promise<LoadedKey> {
    const before = await signing()
    if (before !== undefined && !isOld(before)) return before
    try {
      await replaceOnce(before?.row)
    } catch (error) {
      // A key that is due for replacement still signs, such as while the disk is full.
      if (before === undefined) throw error
      return before
    }
    // Where there is none they were withdrawn in that moment.
    return (await signing()) ?? freshSigning()
  }

  const toSigningKey = ({ row, privateKey, keyObject }: LoadedKey): SigningKey => ({
    kid: row.kid,
    algorithm,
    privateKey,
    keyObject,
  })

  const verifies = ({ row }: LoadedKey) => row.verifies_until_ms === null || row.verifies_until_ms > clock.now()

  let replacing: Promise<void> | undefined
  function replaceOnce(before: SigningKeyRow | undefined): Promise<void> {
    replacing ??= replace(before).finally(() => {
      replacing = undefined
    })
    return replacing
  }

  return {
    current: () =>
      andThen(database.authorityRevision(), (revision) => {
        const key = remembered(signingMilliseconds, revision)?.find(isSigning)
        return key !== undefined && !isOld(key) ? toSigningKey(key) : freshSigning().then(toSigningKey)
      }),
    times: async () => {
      const { row } = await freshSigning()
      return { createdAtMs: row.created_at_ms, rotationDueMs: row.created_at_ms + options.rotationMilliseconds }
    },
    verifier: (kid) => {
      const find = (keys: readonly LoadedKey[]) => keys.find((key) => key.row.kid === kid && verifies(key))?.publicKey
      return andThen(
        database.authorityRevision(),
        (revision) => find(remembered(Infinity, revision) ?? []) ?? recent(reloadPauseMilliseconds).then(find),
      )
    },
    withdraw: async (transaction) => {
      transaction.changesAuthority()
      await store.removeAll(transaction)
    },
    rotate: async () => replaceOnce((await signing(0))?.row),
    publicKeys: async () => {
      // A list that is asked for before anything was signed names the key that will sign.
      if ((await signing()) === undefined) await replaceOnce(undefined)
      return (await recent(reloadPauseMilliseconds))
        .filter(verifies)
        .map(({ row }) => JSON.parse(row.public_jwk) as JWK)
    },
  }
}

const base32Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The key's id in libtrust's form: 240 bits of its SHA-256 in base32, in groups of four. [distribution spec/auth/jwt.md] */
function keyId(publicJwk: JWK): string {
  const der = createPublicKey({ key: publicJwk, format: 'jwk' }).export({ type: 'spki', format: 'der' })
  const bits = [...hash('sha256', der, 'buffer').subarray(0, 30)]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
  const text = bits.replaceAll(/.{5}/g, (five) => base32Alphabet[Number.parseInt(five, 2)] ?? '')
  return text.replaceAll(/.{4}(?=.)/g, '$&:')
}
