import { gunzipSync } from 'node:zlib'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'

/**
 * Reads the JSON document that a build wrote, once, at the first request; until it is built, at every request. Undefined if it was
 * not built, as in a fresh checkout.
 */
export function readOnce<Files>(read: () => string, filesOf: (document: unknown) => Files): () => Files | undefined {
  let files: Files | undefined
  return () => {
    try {
      return (files ??= filesOf(JSON.parse(read())))
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined
      throw error
    }
  }
}

const uncompressed = new WeakMap<Buffer, Buffer>()

/**
 * The bytes of a built file without its compression. They are computed once, and stay in memory like the file: a large file takes
 * milliseconds, in which no other request runs.
 */
export function decompressed(gzip: Buffer): Buffer {
  const known = uncompressed.get(gzip)
  if (known !== undefined) return known
  const bytes = gunzipSync(gzip)
  uncompressed.set(gzip, bytes)
  return bytes
}
