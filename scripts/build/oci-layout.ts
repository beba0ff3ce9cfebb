import { createHash } from 'node:crypto'
import { createWriteStream, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { SetUpFailed } from '../set-up.mjs'

export type Descriptor = { mediaType: string; digest: string; size: number }

/** A compressed layer, and the digest of its tar archive. */
export type Layer = { descriptor: Descriptor; diffId: string }

/** Writes blobs into a folder that becomes an OCI image layout. [OCI image layout specification] `level` says how much layers are compressed. */
export function createLayout(folder: string, level: number) {
  const blobs = join(folder, 'blobs', 'sha256')
  mkdirSync(blobs, { recursive: true })

  return {
    /** Adds JSON, or a text that is JSON. */
    add(mediaType: string, content: object | string): Descriptor {
      const bytes = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))
      const hash = createHash('sha256').update(bytes).digest('hex')
      writeFileSync(join(blobs, hash), bytes)
      return { mediaType, digest: `sha256:${hash}`, size: bytes.length }
    },

    /** Adds the output of tar as a layer. The same files give the same bytes. */
    async addLayer(mediaType: string, tarArgs: readonly string[]): Promise<Layer> {
      const fixed = [
        '--create',
        '--sort=name',
        '--mtime=@0',
        '--numeric-owner',
        '--format=gnu',
        '--owner=0',
        '--group=0',
      ]
      const tar = spawn('tar', [...fixed, ...tarArgs], { stdio: ['ignore', 'pipe', 'inherit'] })
      const ended = new Promise((resolve, reject) => {
        tar.once('error', (cause) => reject(new SetUpFailed(`cannot run tar: ${cause.message}`)))
        tar.once('close', (code) => (code === 0 ? resolve(undefined) : reject(new SetUpFailed('tar failed'))))
      })
      const partial = join(blobs, 'partial')
      const [raw, compressed] = [measure(), measure()]
      await Promise.all([
        ended,
        pipeline(tar.stdout, raw.stream, createGzip({ level }), compressed.stream, createWriteStream(partial)),
      ])
      const { hash, size } = compressed.result()
      renameSync(partial, join(blobs, hash))
      return { descriptor: { mediaType, digest: `sha256:${hash}`, size }, diffId: `sha256:${raw.result().hash}` }
    },

    /** Completes the layout. */
    finish(manifests: readonly object[]) {
      writeFileSync(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
      const mediaType = 'application/vnd.oci.image.index.v1+json'
      writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, mediaType, manifests }))
    },
  }
}

/** A stream that passes everything on, and the hash and size of what passed. */
function measure() {
  const hash = createHash('sha256')
  let size = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      size += chunk.length
      done(null, chunk)
    },
  })
  return { stream, result: () => ({ hash: hash.digest('hex'), size }) }
}
