import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { createLog } from '../log/log.ts'
import { until } from '../../../testing/platform/test-patience.ts'
import { descriptorLimit } from '../process/descriptor-limit.ts'
import { createApp } from './app.ts'
import { connectionLimits } from './connection-limits.ts'
import { listen } from './listener.ts'
import { serveForTest } from '../../../testing/platform/test-socket.ts'

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: one.example\r\n\r\n`

/**
 * Opens two connections one after the other in a thread, and sends a request on both connections while the main thread
 * is blocked.
 */
const clientThread = `
const { parentPort, workerData: { port, sent } } = require('node:worker_threads')
const { connect } = require('node:net')
const received = { kept: '', new: '' }
const open = (name) => connect(port, '127.0.0.1')
  .on('error', (error) => (received[name] += error.code))
  .on('data', (bytes) => (received[name] += bytes))
const kept = open('kept')
kept.write(${JSON.stringify(get('/kept'))})
kept.once('data', () => parentPort.postMessage('kept'))
parentPort.once('message', async () => {
  received.kept = ''
  await new Promise((resolve) => kept.write(${JSON.stringify(get('/again'))}, resolve))
  const added = open('new')
  await new Promise((resolve) => added.write(${JSON.stringify(get('/new'))}, resolve))
  Atomics.notify(sent, 0, Atomics.store(sent, 0, 1))
  for (const socket of [kept, added]) if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  parentPort.postMessage(received)
})`

test('when a listener closes, requests and connections that wait in the operating system are answered', async (t) => {
  const app = createApp({ log: createLog('silent'), trustedProxies: [] })
  app.get('/*', (request) => `answer to ${request.url}`)
  const { listener, port } = await serveForTest(t, app)
  const sent = new Int32Array(new SharedArrayBuffer(4))
  const client = new Worker(clientThread, { eval: true, workerData: { port, sent } })
  assert.deepEqual(await once(client, 'message'), ['kept'])
  client.postMessage('send')
  // The main thread reads no socket until both requests have arrived.
  Atomics.wait(sent, 0, 0)
  const closed = listener.close(10_000)
  const [received] = await once(client, 'message')
  assert.match(received.kept, /answer to \/again/)
  assert.match(received.new, /answer to \/new/)
  await closed
})

test('when a listener closes, a response that is still being sent is completed', async (t) => {
  const app = createApp({ log: createLog('silent'), trustedProxies: [] })
  const sizeBytes = 32 * 1024 * 1024
  let isEnded = false
  app.get('/', (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-length': sizeBytes }).end(Buffer.alloc(sizeBytes))
    isEnded = true
  })
  const { listener, port } = await serveForTest(t, app)
  const socket = net.connect(port, '127.0.0.1').pause()
  socket.write(get('/'))
  await until('the response has begun', () => isEnded)
  const closed = listener.close(10_000)
  let receivedBytes = 0
  for await (const piece of socket) receivedBytes += (piece as Buffer).length
  assert.ok(receivedBytes > sizeBytes, `${receivedBytes} bytes`)
  await closed
})

test('a client that does not finish its handshake is disconnected when the shutdown time is over', async (t) => {
  const app = createApp({ log: createLog('silent'), trustedProxies: [] })
  const handshakeMs = 600_000
  const listener = await listen(app, {
    addresses: [{ host: '127.0.0.1', port: 0 }],
    tls: { cert: '', key: '' },
    connections: { ...connectionLimits(descriptorLimit()), handshakeMs },
  })
  t.after(() => app.close())
  const client = net.connect(listener.addresses[0]?.port ?? 0, '127.0.0.1')
  const closed = once(client, 'close')
  // These bytes are the header of a TLS record with a handshake, and the first bytes of the handshake.
  client.resume().write(Buffer.from('1603010200010001fc0303', 'hex'))
  await until('the handshake has begun', () => listener.counts().bytes.received > 0)
  const begun = performance.now()
  await listener.close(100)
  await closed
  assert.ok(performance.now() - begun < handshakeMs / 2)
})

test('when a listener closes, the log lists the disconnected requests without their queries', async (t) => {
  const lines: string[] = []
  const log = createLog('warn', { write: (line) => void lines.push(line) })
  const app = createApp({ log, trustedProxies: [] })
  app.get('/never', () => new Promise(() => undefined))
  app.get('/', () => 'answered')
  const { listener, connect, nextRequest } = await serveForTest(t, app)
  const [idle, busy, sending] = [await connect(), await connect(), await connect()]
  idle.write(get('/'))
  await idle.until('answered')
  for (const [socket, text] of [
    [busy, get('/never?secret=1')],
    [sending, 'POST /sent HTTP/1.1\r\nHost: one.example\r\nContent-Length: 4\r\n\r\nnu'],
  ] as const) {
    const seen = nextRequest()
    socket.write(text)
    await seen
  }
  await listener.close(100)
  const [line = '', ...more] = lines
  assert.deepEqual(more, [])
  const { msg, count, requests } = JSON.parse(line)
  assert.deepEqual(
    [msg, count, requests],
    ['disconnected clients whose requests did not finish within shutdownSeconds', 2, ['GET /never', 'POST /sent']],
  )
})
