import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileDurably } from '../files/durable-file.ts'
import { CertificateError, type KeyPair, readPemFile, requireUsablePair } from './key-pair.ts'

/** The place where a certificate authority is stored. */
export type AuthorityStore = {
  /** Whether other servers may replace the authority. */
  readonly isShared: boolean
  /**
   * Reads the authority. Returns undefined if no authority is stored.
   * @throws CertificateError if the key is missing, malformed or readable by other users
   */
  readonly read: () => Promise<KeyPair | undefined>
  /** Stores `pair`, unless another server has already replaced `previous`, and returns the stored pair. */
  readonly replace: (previous: KeyPair | undefined, pair: KeyPair) => Promise<KeyPair>
}

/**
 * Stores the authority in `ca.key`. The file contains the key and the certificate, so that both are written in one
 * step.
 */
export function createAuthorityFiles(directory: string): AuthorityStore {
  const file = join(directory, 'ca.key')
  return {
    isShared: false,
    read: () => readAuthority(file, join(directory, 'ca.pem')),
    replace: async (_previous, pair) => {
      await writeFileDurably(file, pair.key + pair.cert, 0o600)
      return pair
    },
  }
}

/**
 * Returns the authority in the files of an earlier version, which stored the authority in files even with PostgreSQL.
 * Returns undefined if the key is missing.
 */
export async function readAuthorityFile(directory: string): Promise<KeyPair | undefined> {
  const file = join(directory, 'ca.key')
  return (await modeOf(file)) === undefined ? undefined : readAuthority(file, file)
}

/** Deletes the key file of an authority that is now stored in the database. */
export async function deleteAuthorityFile(directory: string): Promise<void> {
  await rm(join(directory, 'ca.key'), { force: true })
}

const replaceIt =
  'restore the key from a backup; or delete ca.key and ca.pem to create a new authority, which clients must trust'

async function readAuthority(keyFile: string, certFile: string): Promise<KeyPair | undefined> {
  const mode = await modeOf(keyFile)
  if (mode === undefined) {
    if ((await modeOf(certFile)) === undefined) return undefined
    throw new CertificateError(`the certificate authority's key ${keyFile} is missing`, replaceIt)
  }
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new CertificateError(
      `the certificate authority's key ${keyFile} can be accessed by other users`,
      `if no other user has read the file, run chmod 600 ${keyFile}`,
    )
  }
  const text = await readPemFile(keyFile)
  try {
    const { cert, key } = requireUsablePair({ cert: text, key: text }, keyFile, keyFile)
    return { cert, key }
  } catch (error) {
    throw new CertificateError(`the certificate authority's key ${keyFile} is malformed`, replaceIt, { cause: error })
  }
}

async function modeOf(file: string): Promise<number | undefined> {
  return (await stat(file, { throwIfNoEntry: false }))?.mode
}
