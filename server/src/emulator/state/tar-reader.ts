import { mkdir, open } from 'node:fs/promises'
import path from 'node:path'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { blockBytes, checksumOf } from './tar-writer.ts'

/** An archive is malformed, too large, or contains something else than files and folders. */
export class InvalidArchiveError extends Error {
  override readonly name = 'InvalidArchiveError'
}

/** The bounds of an archive. */
export type ArchiveLimits = { readonly maxBytes: number; readonly maxEntries: number }

type Entry = { readonly name: string; readonly kind: 'file' | 'folder'; readonly size: number }

/** Every part of a path begins with a letter or digit, so that no path leads out of the folder. */
const namePattern = /^(?:\.\/)?[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*\/?$/

/**
 * Writes the files of a tar archive below an empty folder, for this user only.
 *
 * @throws InvalidArchiveError; files may have been written already
 */
export async function extractTar(
  source: AsyncIterable<Uint8Array>,
  folder: string,
  { maxBytes, maxEntries }: ArchiveLimits,
): Promise<void> {
  const bytes = new ByteReader(source, maxBytes)
  for (let entries = 0; ; entries += 1) {
    const header = await bytes.take(blockBytes)
    if (header.every((byte) => byte === 0)) break
    if (entries >= maxEntries) throw new InvalidArchiveError(`the archive has more than ${maxEntries} entries`)
    const entry = parseHeader(header)
    await writeEntry(path.join(folder, entry.name), entry, bytes)
    await bytes.skip((blockBytes - (entry.size % blockBytes)) % blockBytes)
  }
  await bytes.drain()
}

/** What the system reports if a path is there already, or a part of it is a file. */
const takenCodes: readonly (string | undefined)[] = ['EEXIST', 'ENOTDIR', 'EISDIR']

async function writeEntry(target: string, { kind, size }: Entry, bytes: ByteReader): Promise<void> {
  try {
    if (kind === 'folder') await mkdir(target, { recursive: true, mode: 0o700 })
    else await writeFile(target, bytes, size)
  } catch (error) {
    if (!takenCodes.includes(systemErrorCode(error))) throw error
    throw new InvalidArchiveError('the archive contains a path twice', { cause: error })
  }
}

async function writeFile(target: string, bytes: ByteReader, size: number): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
  const file = await open(target, 'wx', 0o600)
  try {
    for await (const piece of bytes.pieces(size)) await file.writeFile(piece)
  } finally {
    await file.close()
  }
}

function parseHeader(header: Buffer): Entry {
  const text = (from: number, length: number) =>
    header
      .toString('latin1', from, from + length)
      .replace(/\0.*$/s, '')
      .trim()
  const size = Number.parseInt(text(124, 12) || '0', 8)
  if (Number.parseInt(text(148, 8), 8) !== checksumOf(header) || !Number.isSafeInteger(size)) {
    throw new InvalidArchiveError('this is not a tar archive')
  }
  const prefix = text(257, 5) === 'ustar' ? text(345, 155) : ''
  const name = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`
  const type = text(156, 1)
  const kind = type === '' || type === '0' ? 'file' : type === '5' ? 'folder' : undefined
  if (kind === undefined)
    throw new InvalidArchiveError('the archive contains an entry that is neither a file nor a folder')
  // The folder itself, as tar names it.
  if (kind === 'folder' && (name === './' || name === '.')) return { name: '', kind, size: 0 }
  if (!namePattern.test(name)) throw new InvalidArchiveError('the archive contains a path that is not allowed')
  return { name, kind, size: kind === 'file' ? size : 0 }
}

/** Reads a stream in pieces of given lengths. */
class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>
  readonly #maxBytes: number
  #readBytes = 0
  #rest: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Uint8Array>, maxBytes: number) {
    this.#source = source[Symbol.asyncIterator]()
    this.#maxBytes = maxBytes
  }

  /** At most `maxLength` bytes, and at least one. */
  async #next(maxLength: number): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#source.next()
      if (done === true) throw new InvalidArchiveError('the archive is incomplete')
      this.#readBytes += value.byteLength
      if (this.#readBytes > this.#maxBytes) {
        throw new InvalidArchiveError(`the archive is larger than ${this.#maxBytes} bytes`)
      }
      this.#rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    }
    const piece = this.#rest.subarray(0, maxLength)
    this.#rest = this.#rest.subarray(piece.length)
    return piece
  }

  async *pieces(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0;) {
      const piece = await this.#next(left)
      left -= piece.length
      yield piece
    }
  }

  async take(length: number): Promise<Buffer> {
    return Buffer.concat(await Array.fromAsync(this.pieces(length)))
  }

  async skip(length: number): Promise<void> {
    await this.take(length)
  }

  /** Reads what follows the end of the archive, which tar fills with zeros. */
  async drain(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#source.next()
      if (done === true) return
      this.#readBytes += value.byteLength
      if (this.#readBytes > this.#maxBytes) throw new InvalidArchiveError('the archive is too large')
    }
  }
}
