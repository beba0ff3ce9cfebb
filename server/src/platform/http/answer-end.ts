import type { IncomingMessage, ServerResponse } from 'node:http'

/** How an answer came to its end. */
export type AnswerEnd = {
  /** What the client was told; 499 where it went away before it was told anything. */
  readonly status: number
  /** The connection was gone before all of the answer was handed to it. */
  readonly aborted: boolean
}

/** What nobody was answered with. No standard has it; it is what nginx logs. */
const clientClosedRequest = 499

/** Tells once that an answer is whole, or can be no more since its client went away. */
export function onAnswerEnd(request: IncomingMessage, response: ServerResponse, tell: (end: AnswerEnd) => void): void {
  const { socket } = request
  // A response that waits for those before it on its connection does not hear that the connection is gone.
  const isQueued = response.socket === null
  let told = false
  const end = () => {
    if (told) return
    told = true
    if (isQueued) socket.off('close', end)
    const aborted = !response.writableFinished
    tell({ status: aborted && !response.headersSent ? clientClosedRequest : response.statusCode, aborted })
  }
  // An error that nobody listens to would end the process.
  response.on('close', end).on('error', end)
  if (isQueued) socket.setMaxListeners(0).on('close', end)
}
