import { type Log, writeFields } from '../log/log.ts'
import type { AnswerEnd } from './answer-end.ts'

/** A request whose answer is whole, or broke off, as the log and the metrics tell of it. */
export type Answered = AnswerEnd & {
  readonly correlationId: string
  readonly method: string
  /** As it stood in the request line. */
  readonly url: string
  readonly host: string | undefined
  readonly milliseconds: number
  readonly remoteAddress: string
  /** The pattern that led to its handler, one of few; undefined where none did. */
  readonly route: string | undefined
}

/** Is told of each answer. */
export type AnsweredListener = (answered: Answered) => void

/** How much of a text that a client chose goes into one line. */
const loggedLength = 512

/** Writes the one line that a request has in the log. */
export function createRequestLog(log: Log): AnsweredListener {
  return ({ correlationId, method, url, host, status, aborted, milliseconds, remoteAddress }) => {
    if (!log.isLevelEnabled('info')) return
    const queryAt = url.indexOf('?')
    // The query may hold what a client should not have put there; the path is enough to find the request again.
    const path = url.slice(0, Math.min(queryAt === -1 ? url.length : queryAt, loggedLength))
    writeFields(
      log,
      `"id":"${correlationId}","method":"${method}","path":${JSON.stringify(path)},` +
        (host === undefined ? '' : `"host":${JSON.stringify(host.slice(0, loggedLength))},`) +
        `"status":${status},${aborted ? '"aborted":true,' : ''}"milliseconds":${Math.round(milliseconds * 10) / 10},` +
        `"from":${JSON.stringify(remoteAddress.slice(0, loggedLength))}`,
    )
  }
}
