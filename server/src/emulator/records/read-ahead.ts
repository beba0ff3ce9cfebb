import type { IncomingMessage } from 'node:http'

const formType = /^application\/x-www-form-urlencoded\s*(?:;|$)/i

/** Larger forms are not read ahead. The buffer of a request holds as much. */
const maxFormBytes = 48 * 1024

/** The size of the form of a request; undefined if it has none, or one that is not read ahead. */
export function formBytesOf({ headers }: IncomingMessage): number | undefined {
  const bytes = Number(headers['content-length'] ?? 0)
  const isForm = formType.test(headers['content-type'] ?? '')
  return isForm && bytes > 0 && bytes <= maxFormBytes ? bytes : undefined
}

/**
 * Reads the form of a request and puts it back, so that a surface reads it again. Undefined if the client disconnects.
 */
export function readFormAhead(request: IncomingMessage, sizeBytes: number): Promise<string | undefined> {
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
  })
}
