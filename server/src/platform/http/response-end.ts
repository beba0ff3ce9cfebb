import type { IncomingMessage, ServerResponse } from 'node:http'

/** The result of a response. */
export type ResponseEnd = {
  /** The status; 499 if the client disconnected before the response began. */
  readonly status: number
  /** Whether the connection was closed before the whole response was written. */
  readonly aborted: boolean
}

/** This status is not standard, but nginx also logs it. */
const clientClosedRequest = 499

/** Calls `onEnd` once, when the response is complete or the client has disconnected. */
export function onResponseEnd(
  request: IncomingMessage,
  response: ServerResponse,
  onEnd: (end: ResponseEnd) => void,
): void {
  const { socket } = request
  // A response that waits for earlier responses on its connection does not receive the `close` event.
  const isQueued = response.socket === null
  let hasEnded = false
  const end = () => {
    if (hasEnded) return
    hasEnded = true
    if (isQueued) socket.off('close', end)
    const aborted = !response.writableFinished
    onEnd({ status: aborted && !response.headersSent ? clientClosedRequest : response.statusCode, aborted })
  }
  // An error without a listener would end the process.
  response.on('close', end).on('error', end)
  if (isQueued) socket.setMaxListeners(0).on('close', end)
}
