import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { findProgram } from '../../harness/clients.ts'
import { digestOf, type Descriptor } from '../../harness/registry.ts'
import { tar, type TarFile } from './tar.ts'

/** The content of a real executable that needs nothing else, or a stand-in if the machine has no busybox. */
export function busybox(): Buffer {
  const path = findProgram('busybox')
  return path === undefined ? Buffer.from('#!/bin/nothing\n') : readFileSync(path)
}

interface Layout {
  dir: string
  blobs: Map<string, Buffer>
}

function keep(layout: Layout, mediaType: string, bytes: Buffer): Descriptor {
  const digest = digestOf(bytes)
  layout.blobs.set(digest, bytes)
  return { mediaType, digest, size: bytes.length }
}

function image(layout: Layout, architecture: string, files: readonly TarFile[]): Descriptor {
  const archive = tar(files)
  const layer = keep(layout, 'application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(archive))
  const config = keep(
    layout,
    'application/vnd.oci.image.config.v1+json',
    Buffer.from(
      JSON.stringify({
        architecture,
        os: 'linux',
        config: { Entrypoint: ['/bin/busybox'] },
        rootfs: { type: 'layers', diff_ids: [digestOf(archive)] },
      }),
    ),
  )
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = { schemaVersion: 2, mediaType, config, layers: [layer] }
  return keep(layout, mediaType, Buffer.from(JSON.stringify(manifest)))
}

/** The content of a layout. */
export interface LayoutParts {
  /** Goes into a file of each image, so that two images differ. */
  text: string
  /** One image for each platform, under an index; a single image for amd64 by default. */
  architectures?: readonly string[]
}

/**
 * Writes an OCI image layout of busybox and a text file and returns the descriptor that its `index.json` names, tagged
 * `1` [OCI image-spec, Image Layout].
 */
export function writeLayout(dir: string, parts: LayoutParts): Descriptor {
  const layout: Layout = { dir, blobs: new Map() }
  const architectures = parts.architectures ?? ['amd64']
  const images = architectures.map((architecture) => ({
    ...image(layout, architecture, [
      { path: 'bin/busybox', content: busybox(), mode: 0o755 },
      { path: 'text', content: Buffer.from(`${parts.text} for ${architecture}\n`) },
    ]),
    platform: { os: 'linux', architecture },
  }))
  const mediaType = 'application/vnd.oci.image.index.v1+json'
  const [first] = images
  if (first === undefined) throw new Error('a layout needs an architecture')
  const top =
    images.length === 1
      ? { mediaType: first.mediaType, digest: first.digest, size: first.size }
      : keep(layout, mediaType, Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests: images })))
  mkdirSync(join(dir, 'blobs', 'sha256'), { recursive: true })
  for (const [digest, bytes] of layout.blobs) writeFileSync(join(dir, 'blobs', ...digest.split(':')), bytes)
  const named = { ...top, annotations: { 'org.opencontainers.image.ref.name': '1' } }
  writeFileSync(join(dir, 'index.json'), JSON.stringify({ schemaVersion: 2, mediaType, manifests: [named] }))
  writeFileSync(join(dir, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
  return top
}
