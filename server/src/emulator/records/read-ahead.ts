import type { IncomingMessage } from 'node:http'

/** The types of bodies that the emulator reads before the server handles the request. */
const bodyTypes = {
  form: /^application\/x-www-form-urlencoded\s*(?:;|$)/i,
  json: /^application\/json\s*(?:;|$)/i,
} as const

/** The maximum size of such a body. The buffer of a request has the same size. */
const maxBytes = 48 * 1024

/** The size of a body. The result is undefined if the request has no body, or if the type or the size of the body is not allowed. */
export function bytesAhead({ headers }: IncomingMessage, type: keyof typeof bodyTypes): number | undefined {
  const bytes = Number(headers['content-length'] ?? 0)
  const hasType = bodyTypes[type].test(headers['content-type'] ?? '')
  return hasType && bytes > 0 && bytes <= maxBytes ? bytes : undefined
}

/** Reads the body of a request and restores it, so that a surface can read the body again. Returns undefined if the client disconnects. */
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
