import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { masterKeyFileIn, tlsDirectoryIn } from '../../platform/files/data-dir.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'

/** The keys of a server. Without the keys, most data in its database is not usable. */
export type ServerKeys = {
  readonly masterKey: Buffer
  /** The server's own certificate authority and certificate, by file name. The value is empty if a certificate is configured. */
  readonly tls: ReadonlyMap<string, Buffer>
}

/** Each guess at the passphrase needs 128 MiB and about half a second. [RFC 7914 §2] */
const cost = { N: 2 ** 17, r: 8, p: 1 } as const
const maxMemoryBytes = 256 * 1024 * 1024

const bytes = z.base64().transform((text) => Buffer.from(text, 'base64'))
const fileName = z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/)
const contentSchema = z.object({ masterKey: bytes, tls: z.record(fileName, bytes) })
const encryptedSchema = z.object({
  format: z.literal(1),
  kdf: z.object({ name: z.literal('scrypt'), N: z.literal(cost.N), r: z.literal(cost.r), p: z.literal(cost.p) }),
  salt: bytes,
  nonce: bytes,
  tag: bytes,
  ciphertext: bytes,
})

/** Reads the keys in a data directory. @throws StartupError if the master key cannot be read */
export async function readServerKeys(dataDir: string): Promise<ServerKeys> {
  const file = masterKeyFileIn(dataDir)
  const masterKey = await readFile(file).catch((error: unknown) => {
    throw new StartupError(
      `the master key ${file} cannot be read: ${plainReason(error)}`,
      exitCodes.unreadableKey,
      'run the command as the user that runs the server',
      { cause: error },
    )
  })
  const directory = tlsDirectoryIn(dataDir)
  const names = await readdir(directory).catch(() => [])
  const wanted = names.filter((name) => fileName.safeParse(name).success && !name.endsWith('.tmp'))
  const tls = await Promise.all(wanted.map(async (name) => [name, await readFile(join(directory, name))] as const))
  return { masterKey, tls: new Map(tls) }
}

/** Encrypts keys with AES-256-GCM under a key that scrypt derives from the passphrase. The encryption also authenticates the `backupId`. */
export async function encryptKeys(keys: ServerKeys, passphrase: string, backupId: string): Promise<string> {
  const salt = randomBytes(32)
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', await deriveKey(passphrase, salt), nonce)
  cipher.setAAD(additionalData(backupId))
  const tls = Object.fromEntries([...keys.tls].map(([name, content]) => [name, content.toString('base64')]))
  const text = JSON.stringify({ masterKey: keys.masterKey.toString('base64'), tls })
  const ciphertext = Buffer.concat([cipher.update(text), cipher.final()])
  const parts = { salt, nonce, tag: cipher.getAuthTag(), ciphertext }
  const encoded = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.toString('base64')]))
  return `${JSON.stringify({ format: 1, kdf: { name: 'scrypt', ...cost }, ...encoded }, undefined, 2)}\n`
}

/** Decrypts keys. @throws StartupError if the passphrase is wrong or the file was altered */
export async function decryptKeys(text: string, passphrase: string, backupId: string): Promise<ServerKeys> {
  try {
    const { salt, nonce, tag, ciphertext } = encryptedSchema.parse(JSON.parse(text))
    const decipher = createDecipheriv('aes-256-gcm', await deriveKey(passphrase, salt), nonce, { authTagLength: 16 })
    decipher.setAAD(additionalData(backupId))
    decipher.setAuthTag(tag)
    const content = Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString()
    const { masterKey, tls } = contentSchema.parse(JSON.parse(content))
    return { masterKey, tls: new Map(Object.entries(tls)) }
  } catch (error) {
    throw new StartupError(
      `the keys of the backup ${backupId} cannot be decrypted`,
      exitCodes.unreadableKey,
      'check the passphrase; if the passphrase is correct, the file keys.json was altered',
      { cause: error },
    )
  }
}

function additionalData(backupId: string): Buffer {
  return Buffer.from(`acrux-backup-keys-1\n${backupId}`)
}

function deriveKey(passphrase: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, 32, { ...cost, maxmem: maxMemoryBytes }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
}
