import { plainReason, systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
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
import { isOpenToOthers } from '../files/setting-file.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'

/** Encrypts values that are stored and read back, such as private keys, with the master key. */
export type Sealer = {
  /**
   * Encrypts and authenticates with AES-256-GCM. `context` names the kind and the owner of the value, so that a sealed value
   * cannot be opened after it is moved to another row.
   */
  readonly seal: (plaintext: Uint8Array | string, context: string) => Buffer
  /**
   * Decrypts a value. @throws SealedValueError if the value was altered, or was sealed by another key or in another
   * context
   */
  readonly open: (sealed: Uint8Array, context: string) => Buffer
}

/**
 * The master key is unusable. The server never replaces the master key, because nobody could then read the sealed
 * values.
 */
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

/** The size of the master key, and of the data key. */
export const keySizeBytes = 32
const nonceSizeBytes = 12
const tagSizeBytes = 16
const formatVersion = 1

/**
 * Reads the master key in a file, and creates the file if it is missing.
 *
 * @throws UnreadableKeyError
 */
export async function ensureMasterKeyFile(file: string): Promise<Buffer> {
  return (await readMasterKeyFile(file)) ?? createMasterKeyFile(file, randomBytes(keySizeBytes))
}

/** The sealer of the key in a file, which is created if it is missing. @throws UnreadableKeyError */
export async function openSealer(file: string): Promise<Sealer> {
  return sealerOfKey(await ensureMasterKeyFile(file))
}

/** The sealer of a key. @throws UnreadableKeyError */
export function sealerOfKey(key: Uint8Array): Sealer {
  if (key.length === keySizeBytes) return sealerOf(createSecretKey(key))
  throw new UnreadableKeyError(`the master key has ${key.length} bytes, not ${keySizeBytes}`, 'use another backup')
}

/**
 * Reads a master key. The file contains 32 random bytes, raw or on one line in base64, and only this user may read the
 * file. Returns undefined if the file is missing.
 *
 * @throws UnreadableKeyError
 */
export async function readMasterKeyFile(file: string): Promise<Buffer | undefined> {
  try {
    // Without O_NONBLOCK, the startup would wait forever if the file were a named pipe.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stats = await handle.stat()
      const { mode, size } = stats
      if ((mode & constants.S_IFMT) !== constants.S_IFREG) {
        throw new UnreadableKeyError(`the master key ${file} is not a file`, 'restore the key from a backup')
      }
      if (isOpenToOthers(stats)) {
        const octal = (mode & 0o777).toString(8).padStart(4, '0')
        throw new UnreadableKeyError(
          `the master key ${file} can be accessed by other users (mode ${octal})`,
          `if no other user has read the file, run chmod 600 ${file}`,
        )
      }
      if (size === keySizeBytes) return await handle.readFile()
      const text = size > 64 ? '' : (await handle.readFile('latin1')).trim()
      const key = Buffer.from(text, 'base64')
      if (!/^[A-Za-z0-9+/]{43}=$/.test(text) || key.length !== keySizeBytes) {
        throw new UnreadableKeyError(
          `the master key ${file} has ${size} bytes, not ${keySizeBytes}`,
          'restore the key from a backup',
        )
      }
      return key
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof UnreadableKeyError) throw error
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw new UnreadableKeyError(
      `the master key ${file} cannot be read: ${plainReason(error)}`,
      'make the file readable for the user that runs the server',
      { cause: error },
    )
  }
}

/** Writes a master key to a file that only this user may read. @throws UnreadableKeyError */
export async function createMasterKeyFile(file: string, key: Buffer): Promise<Buffer> {
  try {
    await makePrivateDirectory(dirname(file))
    await writeFileDurably(file, key, 0o600)
  } catch (error) {
    throw new UnreadableKeyError(
      `the master key ${file} cannot be written: ${plainReason(error)}`,
      'make the directory of the file writable for the user that runs the server',
      { cause: error },
    )
  }
  return key
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

/**
 * The seal also covers the version byte, so that a value of a later format is not accepted as a value of this format.
 */
function additionalData(context: string): Buffer {
  return Buffer.concat([Buffer.of(formatVersion), Buffer.from(context)])
}

/**
 * The stored form of a generated secret is its SHA-256 hash. This hash protects a secret of 256 random bits, but would
 * not protect a password that a person chose.
 */
export function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}

/**
 * Whether two secrets, or two hashes of secrets, are equal. The time of the comparison does not depend on the position
 * of a difference.
 */
export function secretEquals(a: Uint8Array | string, b: Uint8Array | string): boolean {
  const left = typeof a === 'string' ? Buffer.from(a) : a
  const right = typeof b === 'string' ? Buffer.from(b) : b
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Creates a client secret of 46 URL-safe characters: a prefix that secret scanners detect, and 256 random bits. */
export function newSecret(): string {
  return `ac~${randomBytes(32).toString('base64url')}`
}

/**
 * Creates an initial password of a user from a letter and 144 random bits, in URL-safe characters. Because of the
 * letter, no command line interprets the password as an option.
 */
export function newFirstPassword(): string {
  return `P${randomBytes(18).toString('base64url')}`
}
