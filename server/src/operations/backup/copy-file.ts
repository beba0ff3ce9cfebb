import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { syncDirectory } from '../../platform/files/durable-file.ts'
import { BlobMissingError } from '../../storage/index.ts'

const pieceBytes = 1024 * 1024

/** The hash of a file in hexadecimal; undefined if the file does not exist. */
export async function hashFile(
  file: string,
  algorithm: string,
  onBytes: (count: number) => void = () => undefined,
): Promise<string | undefined> {
  const hash = createHash(algorithm)
  try {
    for await (const piece of createReadStream(file, { highWaterMark: pieceBytes })) {
      hash.update(piece as Buffer)
      onBytes((piece as Buffer).length)
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
  return hash.digest('hex')
}

/**
 * Copies the blob with a digest. Afterwards, the target either has the right digest and is flushed, or does not exist. {@link
 * syncDirectories} flushes the name of the target. Returns the problem of the source, if the source has a problem.
 */
export async function copyVerified(
  copy: {
    readonly from: () => Promise<Readable>
    readonly to: string
    readonly digest: string
    readonly temporary: string
  },
  onBytes: (count: number) => void,
): Promise<'missing' | 'corrupt' | undefined> {
  const { from, to, digest, temporary } = copy
  const [algorithm = '', hex] = digest.split(':')
  const partial = join(temporary, `${basename(to)}.${randomBytes(6).toString('hex')}`)
  const handle = await open(partial, 'wx', 0o600)
  try {
    const hash = createHash(algorithm)
    for await (const piece of piecesOf(from)) {
      hash.update(piece)
      await handle.writeFile(piece)
      onBytes(piece.length)
    }
    if (hash.digest('hex') !== hex) return 'corrupt'
    await handle.sync()
    await mkdir(dirname(to), { recursive: true, mode: 0o700 })
    await rename(partial, to)
    return undefined
  } catch (error) {
    if (error instanceof BlobMissingError) return 'missing'
    throw error
  } finally {
    await handle.close()
    await rm(partial, { force: true })
  }
}

/**
 * Reads the bytes of the source of a copy. BlobMissingError then always means that the source lacks the blob, and not that the target is
 * missing.
 *
 * @throws BlobMissingError
 */
async function* piecesOf(from: () => Promise<Readable>): AsyncGenerator<Buffer> {
  try {
    for await (const piece of await from()) yield piece as Buffer
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error
    throw new BlobMissingError('the file of a blob is missing', { cause: error })
  }
}

/** Opens a file for a copy. */
export async function readFileInPieces(file: string): Promise<Readable> {
  return createReadStream(file, { highWaterMark: pieceBytes })
}

/** Flushes directories and their parents up to `root`, so that the names of new files are durable. */
export async function syncDirectories(directories: Iterable<string>, root: string): Promise<void> {
  const all = new Set<string>([root])
  for (const directory of directories) {
    for (let each = directory; each.startsWith(`${root}/`); each = dirname(each)) all.add(each)
  }
  for (const directory of all) await syncDirectory(directory)
}
