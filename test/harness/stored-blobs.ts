import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The files that a data directory has for a sha256 digest, corrupt and intact ones. */
export function filesOfBlob(dataDir: string, digest: string): string[] {
  const hex = digest.slice('sha256:'.length)
  const directory = join(dataDir, 'blobs', 'blobs', 'sha256', hex.slice(0, 2))
  return readdirSync(directory)
    .filter((name) => name.startsWith(`${hex}.`))
    .map((name) => join(directory, name))
}

/** The one file that a data directory has for a sha256 digest. */
export function fileOfBlob(dataDir: string, digest: string): string {
  const files = filesOfBlob(dataDir, digest)
  const [file] = files
  if (file === undefined || files.length > 1) throw new Error(`${digest} has ${files.length} files`)
  return file
}

/** Flips a bit in the middle of a file as a failing disk does: its size and its times stay as they were. */
export function flipBit(file: string): void {
  const { atime, mtime } = statSync(file)
  const bytes = readFileSync(file)
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  writeFileSync(file, bytes)
  utimesSync(file, atime, mtime)
}
