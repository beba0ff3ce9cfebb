import { createCipheriv, createHash, hash } from 'node:crypto'
import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import { ociImageConfigType, ociImageIndexType, ociImageManifestType } from '@acrux/shared/standards/oci/media-type.ts'
import { ImportError, type ImportSource } from '../../imports/index.ts'

/** What an image is generated from. Equal values give equal digests. */
export type ImageRecipe = {
  /** Images with other names have other layers. */
  readonly name: string
  readonly layers: number
  /** The size of the file in each layer. */
  readonly bytes: number
  /** With platforms, the image is an index with an image for each. */
  readonly platforms: readonly string[] | undefined
  readonly subject: Descriptor | undefined
}

/** A descriptor, as manifests contain it. */
export type Descriptor = { readonly mediaType: string; readonly digest: Digest; readonly size: number }

/** An image that is ready to be stored. */
export type PreparedImage = Descriptor & { readonly source: ImportSource }

const layerType = 'application/vnd.oci.image.layer.v1.tar'
const defaultPlatform = 'linux/amd64'
const chunkBytes = 65_536
const tarBlockBytes = 512

/** The parts of an image by digest. Layers are generated again whenever they are read. */
type Parts = {
  readonly manifests: Map<Digest, { readonly bytes: Uint8Array; readonly contentType: string }>
  readonly blobs: Map<Digest, () => Readable>
}

/** Generates an image whose layers are small archives with a file of pseudo-random bytes. */
export async function generateImage(recipe: ImageRecipe): Promise<PreparedImage> {
  const parts: Parts = { manifests: new Map(), blobs: new Map() }
  const root = await (recipe.platforms === undefined
    ? addImage(recipe, defaultPlatform, parts)
    : addIndex(recipe, recipe.platforms, parts))
  return { ...root, source: sourceOf(parts) }
}

function sourceOf({ manifests, blobs }: Parts): ImportSource {
  return {
    manifest: async (reference) => {
      const manifest = reference.kind === 'digest' ? manifests.get(reference.digest) : undefined
      if (manifest === undefined)
        throw new ImportError('not-found', 'the generated image does not contain the manifest')
      return manifest
    },
    blob: async (digest) => {
      const open = blobs.get(digest)
      if (open === undefined) throw new ImportError('not-found', `the generated image has no blob ${digest}`)
      return open()
    },
  }
}

async function addIndex(recipe: ImageRecipe, platforms: readonly string[], parts: Parts): Promise<Descriptor> {
  const manifests: object[] = []
  for (const platform of platforms) {
    const image = await addImage({ ...recipe, subject: undefined }, platform, parts)
    manifests.push({ ...image, platform: platformOf(platform) })
  }
  const { subject } = recipe
  return addManifest(parts, { schemaVersion: 2, mediaType: ociImageIndexType, manifests, ...(subject && { subject }) })
}

async function addImage({ name, layers: count, bytes, subject }: ImageRecipe, platform: string, parts: Parts) {
  const layers: Descriptor[] = []
  for (let index = 0; index < count; index += 1) {
    layers.push(await addLayer(`${name} ${platform} ${index}`, bytes, parts))
  }
  const rootfs = { type: 'layers', diff_ids: layers.map(({ digest }) => digest) }
  const config = Buffer.from(JSON.stringify({ ...platformOf(platform), config: {}, rootfs }))
  const digest = digestOf(config)
  parts.blobs.set(digest, () => Readable.from([config]))
  return addManifest(parts, {
    schemaVersion: 2,
    mediaType: ociImageManifestType,
    config: { mediaType: ociImageConfigType, digest, size: config.length },
    layers,
    ...(subject && { subject }),
  })
}

function addManifest(
  { manifests }: Parts,
  document: { readonly mediaType: string; readonly [key: string]: unknown },
): Descriptor {
  const bytes = Buffer.from(JSON.stringify(document))
  const { mediaType } = document
  const digest = digestOf(bytes)
  manifests.set(digest, { bytes, contentType: mediaType })
  return { mediaType, digest, size: bytes.length }
}

async function addLayer(name: string, bytes: number, { blobs }: Parts): Promise<Descriptor> {
  const hasher = createHash('sha256')
  let size = 0
  for (const piece of layerPieces(name, bytes)) {
    hasher.update(piece)
    size += piece.length
    // A large layer must not block other requests.
    if (size % (chunkBytes * 64) < chunkBytes) await nextTurn()
  }
  const digest = `sha256:${hasher.digest('hex')}` as Digest
  blobs.set(digest, () => Readable.from(layerPieces(name, bytes)))
  return { mediaType: layerType, digest, size }
}

/** A tar archive with one file, whose bytes depend on the name only. They do not compress. */
function* layerPieces(name: string, bytes: number): Generator<Buffer> {
  const key = hash('sha256', name, 'buffer')
  yield tarHeader(`data/${key.toString('hex', 0, 8)}`, bytes)
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  for (let left = bytes; left > 0; left -= chunkBytes) yield cipher.update(Buffer.alloc(Math.min(left, chunkBytes)))
  const padding = (tarBlockBytes - (bytes % tarBlockBytes)) % tarBlockBytes
  yield Buffer.alloc(padding + 2 * tarBlockBytes)
}

/** [POSIX.1-2024, pax, ustar Interchange Format] */
function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(tarBlockBytes)
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`
  header.write(name, 0)
  header.write(octal(0o644, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(size, 12), 124)
  header.write(octal(0, 12), 136)
  header.fill(' ', 148, 156)
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${octal(sum, 7)} `, 148)
  return header
}

function platformOf(text: string) {
  const [os = '', architecture = '', variant] = text.split('/')
  return { architecture, os, ...(variant !== undefined && { variant }) }
}

function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${hash('sha256', bytes, 'hex')}` as Digest
}
