import { createReadStream } from 'node:fs'
import { open, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { type Digest, digestAlgorithm, digestHex } from '@acrux/shared/standards/oci/digest.ts'
import { maxManifestSizeBytes } from '@acrux/shared/standards/oci/manifest.ts'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'

/** The files of an OCI layout. [OCI image-spec, Image Layout] */
export type LayoutFiles = {
  /** A small file; undefined if it is missing. @throws Error if it is too large for a manifest */
  readonly read: (name: string) => Promise<Uint8Array | undefined>
  /** Undefined if the blob is missing. */
  readonly blob: (digest: Digest) => Readable | undefined
}

type Section = { readonly file: string; readonly start: number; readonly size: number }

const blockBytes = 512
const maxEntries = 100_000

/** The name of the file of a blob. */
export function blobName(digest: Digest): string {
  return `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`
}

/** Opens an OCI layout: a directory, or a tar archive of one. @throws Error */
export async function openLayout(place: string): Promise<LayoutFiles> {
  return (await stat(place)).isDirectory() ? openDirectory(place) : openArchive(place)
}

function openDirectory(directory: string): LayoutFiles {
  return {
    read: async (name) => {
      const file = path.join(directory, name)
      try {
        requireSmall(name, (await stat(file)).size)
        return await readFile(file)
      } catch (error) {
        if (systemErrorCode(error) === 'ENOENT') return undefined
        throw error
      }
    },
    blob: (digest) => createReadStream(path.join(directory, blobName(digest))),
  }
}

async function openArchive(archive: string): Promise<LayoutFiles> {
  const sections = await readSections(archive)
  const streamOf = ({ file, start, size }: Section) =>
    size === 0 ? undefined : createReadStream(file, { start, end: start + size - 1 })
  return {
    read: async (name) => {
      const section = sections.get(name)
      if (section === undefined) return undefined
      requireSmall(name, section.size)
      return Buffer.concat((await streamOf(section)?.toArray()) ?? [])
    },
    blob: (digest) => {
      const section = sections.get(blobName(digest))
      return section && streamOf(section)
    },
  }
}

/** Where the files of a tar archive are. [POSIX.1-2024, pax, ustar Interchange Format] */
async function readSections(file: string): Promise<ReadonlyMap<string, Section>> {
  const handle = await open(file)
  try {
    const sections = new Map<string, Section>()
    const header = Buffer.alloc(blockBytes)
    for (let at = 0, entries = 0; entries < maxEntries; entries += 1) {
      const { bytesRead } = await handle.read(header, 0, blockBytes, at)
      if (bytesRead < blockBytes || header.every((byte) => byte === 0)) return sections
      const size = Number.parseInt(text(header, 124, 12), 8)
      if (!Number.isSafeInteger(size) || size < 0) throw new Error('the path is neither a directory nor a tar archive')
      const start = at + blockBytes
      const prefix = text(header, 345, 155)
      const name = path.posix.normalize(prefix === '' ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`)
      if (['0', ''].includes(text(header, 156, 1))) sections.set(name, { file, start, size })
      at = start + Math.ceil(size / blockBytes) * blockBytes
    }
    throw new Error(`the archive has more than ${maxEntries} files`)
  } finally {
    await handle.close()
  }
}

function text(header: Buffer, at: number, length: number): string {
  return header
    .toString('utf8', at, at + length)
    .replace(/\0.*$/s, '')
    .trim()
}

function requireSmall(name: string, size: number): void {
  if (size > maxManifestSizeBytes) throw new Error(`${name} is larger than ${maxManifestSizeBytes} bytes`)
}
