import { plainReason, systemErrorCode } from '../process/plain-reason.ts'
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hash,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { constants, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makePrivateDirectory, writeFileDurably } from '../files/durable-file.ts'
import { exitCodes, StartupError } from '../process/exit.ts'

/** Encrypts what has to be stored and read back, such as private keys, under the master key. */
export type Sealer = {
  /**
   * Encrypts and authenticates with AES-256-GCM. `context` says what the value is and whose, so that a sealed value which
   * is moved to another row does not open there.
   */
  readonly seal: (plaintext: Uint8Array | string, context: string) => Buffer
  /** The plaintext again. @throws SealedValueError when it was not sealed by this key, in this context, or was altered. */
  readonly open: (sealed: Uint8Array, context: string) => Buffer
}

/** The master key cannot be used; it is never replaced, since what it sealed would be lost. */
export class UnreadableKeyError extends StartupError {
  override readonly name = 'UnreadableKeyError'
  constructor(message: string, nextStep: string, options?: ErrorOptions) {
    super(message, exitCodes.unreadableKey, nextStep, options)
  }
}

/** A sealed value was altered, or belongs to another key or context. */
export class SealedValueError extends Error {
  override readonly name = 'SealedValueError'
}

const keySizeBytes = 32
const nonceSizeBytes = 12
const tagSizeBytes = 16
const formatVersion = 1

/**
 * Opens the master key, 32 raw bytes that only this user may read. With `create`, which is the default, one is made where
 * there is none; pass false where sealed values exist already, since a new key could not open them.
 *
 * @throws UnreadableKeyError
 */
export async function openSealer(keyFile: string, { create = true }: { create?: boolean } = {}): Promise<Sealer> {
  const key = (await readMasterKey(keyFile)) ?? (create ? await createMasterKey(keyFile) : missingKey(keyFile))
  return sealerOf(createSecretKey(key))
}

/** The sealer of a master key that is not stored yet, such as one from a backup. @throws UnreadableKeyError */
export function sealerOfKey(key: Uint8Array): Sealer {
  if (key.length === keySizeBytes) return sealerOf(createSecretKey(key))
  throw new UnreadableKeyError(`the master key has ${key.length} bytes, not ${keySizeBytes}`, 'use another backup')
}

async function readMasterKey(file: string): Promise<Buffer | undefined> {
  try {
    // Without O_NONBLOCK a named pipe in the key's place would hang the start.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const { mode, size } = await handle.stat()
      if ((mode & constants.S_IFMT) !== constants.S_IFREG) {
        throw new UnreadableKeyError(`the master key ${file} is not a file`, 'put the key back from a backup')
      }
      if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
        const octal = (mode & 0o777).toString(8).padStart(4, '0')
        throw new UnreadableKeyError(
          `the master key ${file} is open to other users (mode ${octal})`,
          `if nobody can have read it: chmod 600 ${file}`,
        )
      }
      if (size !== keySizeBytes) {
        throw new UnreadableKeyError(
          `the master key ${file} has ${size} bytes, not ${keySizeBytes}`,
          'put the key back from a backup',
        )
      }
      return await handle.readFile()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof UnreadableKeyError) throw error
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw new UnreadableKeyError(
      `the master key ${file} cannot be read: ${plainReason(error)}`,
      'make it readable by the user that the server runs as',
      { cause: error },
    )
  }
}

async function createMasterKey(file: string): Promise<Buffer> {
  const key = randomBytes(keySizeBytes)
  try {
    await makePrivateDirectory(dirname(file))
    await writeFileDurably(file, key, 0o600)
  } catch (error) {
    throw new UnreadableKeyError(
      `the master key ${file} cannot be written: ${plainReason(error)}`,
      'make its directory writable by the user that the server runs as',
      { cause: error },
    )
  }
  return key
}

function missingKey(file: string): never {
  throw new UnreadableKeyError(
    `the master key ${file} is missing, and what it sealed cannot be read without it`,
    'put the key back from a backup',
  )
}

function sealerOf(key: KeyObject): Sealer {
  return {
    seal: (plaintext, context) => {
      const nonce = randomBytes(nonceSizeBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagSizeBytes })
      cipher.setAAD(additionalData(context))
      const text = typeof plaintext === 'string' ? Buffer.from(plaintext) : plaintext
      const sealed = [Buffer.of(formatVersion), nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]
      return Buffer.concat(sealed)
    },
    open: (sealed, context) => {
      if (sealed.length < 1 + nonceSizeBytes + tagSizeBytes || sealed[0] !== formatVersion) {
        throw new SealedValueError('not a sealed value of a known format')
      }
      const nonce = sealed.subarray(1, 1 + nonceSizeBytes)
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagSizeBytes })
      decipher.setAAD(additionalData(context))
      decipher.setAuthTag(sealed.subarray(-tagSizeBytes))
      try {
        const text = decipher.update(sealed.subarray(1 + nonceSizeBytes, -tagSizeBytes))
        return Buffer.concat([text, decipher.final()])
      } catch (error) {
        throw new SealedValueError('the sealed value was altered, or belongs to another key or context', {
          cause: error,
        })
      }
    },
  }
}

/** The version byte is authenticated too, so that no later format can be passed off as this one. */
function additionalData(context: string): Buffer {
  return Buffer.concat([Buffer.of(formatVersion), Buffer.from(context)])
}

/** What is stored of a machine-made secret: its SHA-256. Enough for 256 random bits, and far too little for a password. */
export function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}

/** Whether two secrets, or two hashes of secrets, are the same, in a time that tells nothing of where they differ. */
export function secretEquals(a: Uint8Array | string, b: Uint8Array | string): boolean {
  const left = typeof a === 'string' ? Buffer.from(a) : a
  const right = typeof b === 'string' ? Buffer.from(b) : b
  return left.length === right.length && timingSafeEqual(left, right)
}

/** A client secret: 256 random bits behind a prefix that secret scanners can look for. 46 characters, URL-safe. */
export function newSecret(): string {
  return `ac~${randomBytes(32).toString('base64url')}`
}

/** A first password of a person: 144 random bits, URL-safe, behind a letter, since command lines take a hyphen for an option. */
export function newFirstPassword(): string {
  return `P${randomBytes(18).toString('base64url')}`
}
