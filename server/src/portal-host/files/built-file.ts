import { gunzipSync } from 'node:zlib'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'

/**
 * Reads the JSON document that a build wrote. The document is read once, at the first request. Until a build has written the document, the
 * function looks for it at every request. The result is undefined if no build has written it, such as in a fresh checkout.
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
 * The uncompressed bytes of a built file. They are computed once and stay in memory, because the decompression of a large file takes
 * milliseconds and blocks other requests.
 */
export function decompressed(gzip: Buffer): Buffer {
  const known = uncompressed.get(gzip)
  if (known !== undefined) return known
  const bytes = gunzipSync(gzip)
  uncompressed.set(gzip, bytes)
  return bytes
}
