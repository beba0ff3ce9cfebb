import type { IncomingMessage } from 'node:http'

/** The types of bodies that are read ahead. */
const bodyTypes = {
  form: /^application\/x-www-form-urlencoded\s*(?:;|$)/i,
  json: /^application\/json\s*(?:;|$)/i,
} as const

/** Larger bodies are not read ahead. The buffer of a request holds as much. */
const maxBytes = 48 * 1024

/** The size of a body of the type; undefined if the request has none, or one that is not read ahead. */
export function bytesAhead({ headers }: IncomingMessage, type: keyof typeof bodyTypes): number | undefined {
  const bytes = Number(headers['content-length'] ?? 0)
  const hasType = bodyTypes[type].test(headers['content-type'] ?? '')
  return hasType && bytes > 0 && bytes <= maxBytes ? bytes : undefined
}

/** Reads the body of a request and puts it back, so that a surface reads it again. Undefined if the client disconnects. */
export function readAhead(request: IncomingMessage, sizeBytes: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const stop = () => request.off('readable', check).off('close', gone).off('error', gone)
    const gone = () => {
      stop()
      resolve(undefined)
    }
    const check = () => {
      if (request.readableLength < sizeBytes) return
      stop()
      const bytes = request.read() as Buffer | null
      if (bytes !== null) request.unshift(bytes)
      resolve(bytes?.toString())
    }
    request.on('readable', check).on('close', gone).on('error', gone)
    check()
  })
}
