import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import { request } from '../harness/http.ts'
import { type OddRequest, oddRequests } from './request-corpus.ts'

/** A server, or a proxy in front of one, with TLS. */
export interface Place {
  readonly port: number
  readonly caFile: string
  /** The registry, as clients name it. */
  readonly host: string
  /** The credential of an owner. */
  readonly authorization: string
  /** Whether the image `team/app:1` exists, and no proxy answers for the server. */
  readonly isDirect: boolean
}

/** How long the end of a response is waited for, and a response: longer if there must be one. */
const quietMs = 60
const patienceMs = 1500
const servedPatienceMs = 60_000

/** Sends a request on a connection of its own, and returns what came back. */
async function send(
  { port, caFile }: Place,
  { bytes, afterwards, answers = 1, isServed }: OddRequest,
): Promise<string> {
  const ca = readFileSync(caFile)
  const options = { host: '127.0.0.1', port, ca, servername: 'localhost', allowHalfOpen: true }
  const socket = connect(options)
  let received = ''
  socket.setEncoding('latin1').on('data', (text: string) => (received += text))
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => socket.once('close', () => resolve('closed')))
  socket.on('end', () => socket.end())
  await new Promise((resolve) => socket.once('secureConnect', resolve).once('close', resolve))
  socket.write(bytes, 'latin1', () => {
    if (afterwards === 'half-close') socket.end()
    if (afterwards === 'reset') setTimeout(() => socket.destroy(), 10)
  })
  const endMs = performance.now() + (isServed === true ? servedPatienceMs : patienceMs)
  while (performance.now() < endMs) {
    const before = received.length
    if ((await Promise.race([closed, sleep(quietMs)])) === 'closed') break
    const isAnswered = statusesOf(received).length >= answers
    if (isAnswered && received.length === before) break
  }
  socket.destroy()
  return received
}

function statusesOf(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status)).filter((one) => one >= 200)
}

/** Sends ordinary requests on one connection until it is stopped, and fails if one is not answered with 200. */
async function askAlong({ port, caFile, host, authorization }: Place, isStopped: () => boolean): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let count = 0
  while (!isStopped() || count < 20) {
    for (const path of ['/v2/', '/v2/_catalog', '/metadata/endpoints?api-version=2019-05-01']) {
      const url = `https://localhost:${port}${path}`
      const answer = await request({ url, caFile, agent, headers: { host, authorization } })
      assert.equal(answer.status, 200, `${path}, after ${count} ordinary requests: ${answer.text()}`)
      count += 1
    }
    await sleep(20)
  }
  agent.destroy()
  return count
}

/** The statuses of a proxy's own responses to requests that it does not support. */
const ofProxy = new Set([501, 505])

function check({ isDirect }: Place, row: OddRequest, received: string): string | undefined {
  const statuses = statusesOf(received)
  const isOwn = (status: number): boolean => !isDirect && ofProxy.has(status)
  const failed = statuses.filter((status) => status >= 500 && !isOwn(status))
  const isServed = statuses.length > 0 && statuses.every((status) => status < 400)
  const isTooMany = statuses.length > (row.answers ?? 1)
  if (failed.length === 0 && !isTooMany && (isServed || row.isServed !== true || !isDirect)) return undefined
  const sent = JSON.stringify(row.bytes.slice(0, 200))
  return `${row.why}: ${statuses.join(', ') || 'no response'}: ${sent}`
}

/**
 * Sends the whole corpus, over several connections at a time, while another connection sends ordinary requests. Fails if
 * a response is a 5xx, if a valid request is not served, if a request that is hidden in a body is answered, or if an
 * ordinary request is not answered.
 */
export async function sendOddRequests(place: Place): Promise<void> {
  const rows = [...oddRequests(place)]
  const failures: string[] = []
  let isStopped = false
  const along = askAlong(place, () => isStopped)
  along.catch(() => undefined)
  const work = async (): Promise<void> => {
    for (let row = rows.shift(); row !== undefined; row = rows.shift()) {
      const failure = check(place, row, await send(place, row))
      if (failure !== undefined) failures.push(failure)
    }
  }
  await Promise.all(Array.from({ length: 16 }, work))
  isStopped = true
  assert.deepEqual(failures, [])
  await along
}
