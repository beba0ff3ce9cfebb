import type { Log } from '../log/log.ts'
import type { ResponseEnd } from './response-end.ts'

/** A request with a complete or aborted response, for the log and the metrics. */
export type CompletedRequest = ResponseEnd & {
  readonly correlationId: string
  readonly method: string
  /** The target in the request line. */
  readonly url: string
  readonly host: string | undefined
  readonly milliseconds: number
  readonly remoteAddress: string
  /** The pattern of the route. Undefined if no route matched. */
  readonly route: string | undefined
  /** The name of the surface. Undefined if no route matched. */
  readonly surface: string | undefined
}

/** A function that is called after each response. */
export type CompletionListener = (request: CompletedRequest) => void

/** The maximum logged length of a text that a client chose. */
const maxLoggedLength = 512

/** Logs one line for each request. */
export function createRequestLog(log: Log): CompletionListener {
  return ({ correlationId, method, url, host, status, aborted, milliseconds, remoteAddress }) => {
    if (!log.isLevelEnabled('info')) return
    const queryAt = url.indexOf('?')
    // The path is logged without the query, because the query may contain secrets.
    const path = url.slice(0, Math.min(queryAt === -1 ? url.length : queryAt, maxLoggedLength))
    log.writeFields(
      `"id":"${correlationId}","method":"${method}","path":${JSON.stringify(path)},` +
        (host === undefined ? '' : `"host":${JSON.stringify(host.slice(0, maxLoggedLength))},`) +
        `"status":${status},${aborted ? '"aborted":true,' : ''}"milliseconds":${Math.round(milliseconds * 10) / 10},` +
        `"from":${JSON.stringify(remoteAddress.slice(0, maxLoggedLength))}`,
    )
  }
}
