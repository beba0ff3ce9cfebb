import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { measure } from './measure.ts'
import type { Outcome, RequestsJob, Target } from './jobs.ts'

/** Opens a TLS connection, verified. */
export async function open(target: Target): Promise<TLSSocket> {
  const { port, servername, caFile } = target
  const socket = connect({ host: '127.0.0.1', port, servername, ca: readFileSync(caFile) })
  socket.setNoDelay(true)
  await once(socket, 'secureConnect')
  return socket
}

interface Counter {
  answered: number
  stopped: boolean
  failure: Error | undefined
}

const two = '2'.charCodeAt(0)
const statusAt = 'HTTP/1.1 '.length

/**
 * Sends one request over and over, each when the answer to the one before is whole. An answer as long as the last, which
 * came in one piece as that did, is not looked at but for its status: nothing else is on the connection.
 */
function repeatRequest(socket: TLSSocket, request: Buffer, counter: Counter): void {
  const isHead = request.subarray(0, 5).toString('latin1') === 'HEAD '
  let usualBytes = -1
  let partial: Buffer | undefined
  const next = (): void => {
    counter.answered += 1
    if (!counter.stopped) socket.write(request)
  }
  socket.on('data', (chunk: Buffer) => {
    if (partial === undefined && chunk.length === usualBytes && chunk[statusAt] === two) return next()
    const answer: Buffer = partial === undefined ? chunk : Buffer.concat([partial, chunk])
    const headEnd = answer.indexOf('\r\n\r\n')
    if (answer[statusAt] !== two) {
      counter.failure ??= new Error(`an answer was no success: ${answer.toString('latin1', 0, 500)}`)
      socket.destroy()
      return
    }
    const head = answer.toString('latin1', 0, Math.max(0, headEnd))
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
    const wholeBytes = headEnd + 4 + (isHead ? 0 : Number(length ?? 0))
    if (headEnd === -1 || answer.length < wholeBytes) {
      partial = answer
      return
    }
    usualBytes = partial === undefined ? wholeBytes : -1
    partial = undefined
    next()
  })
  socket.on('error', (error) => (counter.failure ??= error))
  socket.on('close', () => {
    if (!counter.stopped) counter.failure ??= new Error('the server closed a connection')
  })
  socket.write(request)
}

/** Carries a job out: opens all connections, warms up, counts. Throws where any answer is no success. */
export async function sendRequests(job: RequestsJob): Promise<Outcome> {
  const counter: Counter = { answered: 0, stopped: false, failure: undefined }
  const requests = job.requests.map((request) => Buffer.from(request, 'base64'))
  const sockets: TLSSocket[] = []
  for (let index = 0; index < job.connections; index += 1) sockets.push(await open(job.target))
  for (const [index, socket] of sockets.entries()) {
    repeatRequest(socket, requests[index % requests.length] ?? Buffer.alloc(0), counter)
  }
  await sleep(job.warmUpMs)
  const outcome = await measure(job.target.pid, async () => {
    const before = counter.answered
    await sleep(job.measuredMs)
    return counter.answered - before
  })
  counter.stopped = true
  for (const socket of sockets) socket.destroy()
  if (counter.failure !== undefined) throw counter.failure
  return outcome
}
