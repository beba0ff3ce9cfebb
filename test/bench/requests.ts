import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectPlain, type Socket } from 'node:net'
import { connect } from 'node:tls'
import { measure } from './measure.ts'
import type { OnceJob, Outcome, RequestsJob, Target } from './jobs.ts'

/** Opens a connection, verified where the server has TLS. */
export async function open(target: Target): Promise<Socket> {
  const { port, servername, caFile } = target
  if (caFile === undefined) {
    const plain = connectPlain(port, '127.0.0.1')
    plain.setNoDelay(true)
    await once(plain, 'connect')
    return plain
  }
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
 * Sends requests until none is left, each after the complete response to the previous one. If a response has the
 * length of the previous one, and both arrived in one piece, only its status is examined: nothing else is on the
 * connection.
 */
function sendEach(socket: Socket, nextRequest: () => Buffer | undefined, counter: Counter): void {
  const first = nextRequest()
  if (first === undefined) return
  const isHead = first.subarray(0, 5).toString('latin1') === 'HEAD '
  let usualBytes = -1
  let partial: Buffer | undefined
  const next = (): void => {
    counter.answered += 1
    const request = nextRequest()
    if (request !== undefined) socket.write(request)
  }
  socket.on('data', (chunk: Buffer) => {
    if (partial === undefined && chunk.length === usualBytes && chunk[statusAt] === two) return next()
    const answer: Buffer = partial === undefined ? chunk : Buffer.concat([partial, chunk])
    const headEnd = answer.indexOf('\r\n\r\n')
    if (answer[statusAt] !== two) {
      counter.failure ??= new Error(`a request did not succeed: ${answer.toString('latin1', 0, 500)}`)
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
  socket.write(first)
}

async function openAll({ target, connections }: RequestsJob | OnceJob): Promise<Socket[]> {
  const sockets: Socket[] = []
  for (let index = 0; index < connections; index += 1) sockets.push(await open(target))
  return sockets
}

/** Runs a job: opens all connections, warms up, counts. Throws if any response is not successful. */
export async function sendRequests(job: RequestsJob): Promise<Outcome> {
  const counter: Counter = { answered: 0, stopped: false, failure: undefined }
  const requests = job.requests.map((request) => Buffer.from(request, 'base64'))
  const sockets = await openAll(job)
  for (const [index, socket] of sockets.entries()) {
    const request = requests[index % requests.length] ?? Buffer.alloc(0)
    sendEach(socket, () => (counter.stopped ? undefined : request), counter)
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

/** Sends each request once, and counts the sequences. Throws if any response is not successful. */
export async function sendOnce(job: OnceJob): Promise<Outcome> {
  const counter: Counter = { answered: 0, stopped: false, failure: undefined }
  const left = job.sequences.map((sequence) => sequence.map((request) => Buffer.from(request, 'base64')))
  const count = left.reduce((sum, sequence) => sum + sequence.length, 0)
  const sockets = await openAll(job)
  const outcome = await measure(job.target.pid, async () => {
    for (const socket of sockets) {
      let own: Buffer[] = []
      sendEach(
        socket,
        () => {
          if (own.length === 0) own = left.shift() ?? []
          return own.shift()
        },
        counter,
      )
    }
    while (counter.answered < count && counter.failure === undefined) await sleep(1)
    return job.sequences.length
  })
  counter.stopped = true
  for (const socket of sockets) socket.destroy()
  if (counter.failure !== undefined) throw counter.failure
  return outcome
}
