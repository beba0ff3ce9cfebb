import type { IncomingMessage } from 'node:http'
import { type BodyFault, limitBody } from './body-limit.ts'

/** Forwards the body of a request to the server according to the fault. The server reads the connection at the same speed. */
export function limitRequest(request: IncomingMessage, fault: BodyFault): void {
  const push = request.push.bind(request)
  const read = request._read.bind(request)
  let waiting = 0
  const pass = limitBody(fault, {
    pass: async (bytes) => void push(bytes),
    cut: () => request.socket.destroy(),
    isOpen: () => !request.destroyed,
  })
  let turn: Promise<unknown> = Promise.resolve()
  const pushAfter = async (earlier: Promise<unknown>, piece: unknown) => {
    await earlier
    if (piece instanceof Uint8Array) await pass(piece)
    else push(piece)
    waiting -= 1
    if (waiting === 0 && piece !== null && !request.destroyed) read(0)
  }
  request.push = (piece: unknown) => {
    waiting += 1
    turn = pushAfter(turn, piece)
    // The parser stops reading the connection.
    return false
  }
  request._read = (size) => {
    if (waiting === 0) read(size)
  }
}

/** Whether a request has a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
