import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'

/** The size of a header, and what the length of everything in an archive is a multiple of. [POSIX pax, ustar] */
export const blockBytes = 512

/** Writes the regular files below a folder as a tar archive, in the order of their names, without times and owners. */
export function tarOf(folder: string): Readable {
  return Readable.from(blocksOf(folder))
}

async function* blocksOf(folder: string): AsyncGenerator<Buffer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
  for (const file of files.toSorted()) {
    const { size } = await stat(file)
    yield headerOf(path.relative(folder, file).replaceAll(path.sep, '/'), size)
    if (size > 0) for await (const chunk of createReadStream(file, { end: size - 1 })) yield chunk as Buffer
    yield Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes)
  }
  yield Buffer.alloc(2 * blockBytes)
}

/** @throws RangeError for a path that the format cannot express */
function headerOf(name: string, size: number): Buffer {
  const header = Buffer.alloc(blockBytes)
  const [prefix, rest] = splitName(name)
  header.write(rest, 0, 100)
  header.write(octal(0o600, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(size, 12), 124)
  header.write(octal(0, 12), 136)
  header.write(' '.repeat(8), 148)
  header.write('0', 156)
  header.write('ustar\u000000', 257)
  header.write(prefix, 345, 155)
  header.write(`${checksumOf(header).toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

/** The sum of all bytes of a header whose checksum is blank. */
export function checksumOf(header: Uint8Array): number {
  return header.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 0x20 : byte), 0)
}

function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\0`
}

/** A path of more than 100 bytes is stored in two parts, which are separated at a slash. */
function splitName(name: string): readonly [prefix: string, rest: string] {
  if (name.length <= 100) return ['', name]
  const slash = name.indexOf('/', name.length - 101)
  if (slash === -1 || slash > 155) throw new RangeError(`the path ${name} is too long for an archive`)
  return [name.slice(0, slash), name.slice(slash + 1)]
}
