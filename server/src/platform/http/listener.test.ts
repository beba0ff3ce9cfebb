import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../../../test/setup/free-port.mjs'
import { createLog } from '../log/log.ts'
import { createApp } from './app.ts'
import { listen } from './listener.ts'
import { serveForTest } from '../../../testing/platform/test-socket.ts'

/** Returns the host and the path of the request. */
async function open(t: TestContext) {
  const app = createApp({ log: createLog('silent'), trustedProxies: [] })
  app.all('/*', (request) => ({ host: request.host, url: request.raw.url }))
  return serveForTest(t, app)
}

const close = 'Connection: close\r\n'
const status = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)

test('a request without exactly one host is rejected [RFC 9112 §3.2]', async (t) => {
  const { say } = await open(t)
  const rejected: Readonly<Record<string, string>> = {
    'no host': '',
    'two hosts': 'Host: one.example\r\nHost: two.example\r\n',
    'two hosts, the first of them twice': 'Host: one.example\r\nhost: one.example\r\n',
    'another scheme of writing it': 'Host: one.example\r\nHOST: two.example\r\n',
  }
  for (const [what, hosts] of Object.entries(rejected)) {
    assert.equal(status(await say(`GET /x HTTP/1.1\r\n${hosts}${close}\r\n`)), 400, what)
  }
  assert.match(await say(`GET /x HTTP/1.1\r\nHost: one.example\r\n${close}\r\n`), /"host":"one.example","url":"\/x"/)
  assert.equal(status(await say(`GET /x HTTP/1.0\r\n\r\n`)), 200, 'HTTP/1.0 need not name any')
})

test('a request whose target has another host than the Host header is rejected [RFC 9112 §3.2.2]', async (t) => {
  const { say } = await open(t)
  const ask = (target: string) => say(`GET ${target} HTTP/1.1\r\nHost: one.example:5443\r\n${close}\r\n`)
  for (const target of ['https://one.example:5443/x?y', 'HTTP://One.example:5443/x?y', '/x?y']) {
    assert.match(await ask(target), /"host":"one.example:5443","url":"\/x\?y"/, target)
  }
  assert.match(await ask('https://one.example:5443'), /"url":"\/"/)
  assert.match(await ask('https://one.example:5443?y'), /"url":"\/\?y"/)
  const rejected = [
    'https://two.example/x',
    'https://one.example/x',
    'https://somebody@one.example:5443/x',
    'https:///x',
    'ftp://one.example:5443/x',
    'x',
  ]
  for (const target of rejected) {
    const answer = await ask(target)
    assert.equal(status(answer), 400, target)
    assert.doesNotMatch(answer, /secret/)
  }
})

test('a request whose body length is ambiguous is rejected, like all other requests that a proxy could interpret differently [RFC 9112 §6.3]', async (t) => {
  const { say } = await open(t)
  const bodies = [
    'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!',
    'Content-Length: +5\r\n\r\nhello',
    'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
    'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
    'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
    'X: a\r\n b\r\n\r\n',
    'X: a\0b\r\n\r\n',
  ]
  for (const body of bodies) {
    const answer = await say(
      `POST /x HTTP/1.1\r\nHost: one.example\r\n${body}GET /y HTTP/1.1\r\nHost: one.example\r\n\r\n`,
    )
    assert.ok(status(answer) >= 400 && status(answer) < 500, JSON.stringify(body))
    assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1, 'one answer, and no more')
  }
})

test('a connection is closed when the keep-alive time is over, and not earlier', async (t) => {
  const app = createApp({ log: createLog('silent'), trustedProxies: [] })
  app.get('/', () => 'answered')
  const { connect } = await serveForTest(t, app, { keepAliveMs: 3000 })
  const socket = await connect()
  const requests = 5
  for (let count = 0; count < requests; count += 1) {
    socket.write('GET / HTTP/1.1\r\nHost: one.example\r\n\r\n')
    await sleep(800)
    assert.equal(socket.ended, false, `after ${count} requests`)
  }
  const begunMs = performance.now()
  const answers = await socket.rest()
  assert.equal(answers.split('answered').length - 1, requests)
  assert.match(answers, /Keep-Alive: timeout=3/)
  assert.ok(performance.now() - begunMs < 20_000)
})

test('a connection is closed if no bytes are transferred during a request for the idle time', async (t) => {
  const app = createApp({ log: createLog('silent'), trustedProxies: [] })
  app.get('/', () => sleep(60_000, 'too late', { ref: false }))
  app.get('/slow', () => sleep(1500, 'answered'))
  const { connect } = await serveForTest(t, app, { idleMs: 2500, keepAliveMs: 500 })
  const [stuck, slow] = [await connect(), await connect()]
  stuck.write('GET / HTTP/1.1\r\nHost: one.example\r\n\r\n')
  slow.write('GET /slow HTTP/1.1\r\nHost: one.example\r\n\r\n')
  assert.equal(await stuck.rest(), '')
  assert.match(await slow.rest(), /answered/)
})

test('closing a listener waits for running requests, but not for idle connections', async (t) => {
  const { listener, port, connect, say } = await open(t)
  const idle = await connect()
  idle.write('GET /idle HTTP/1.1\r\nHost: one.example\r\n\r\n')
  await idle.until('"/idle"')
  const silent = await connect()
  const busy = await connect()
  const type = 'Content-Type: application/json\r\n'
  busy.write(`POST /busy HTTP/1.1\r\nHost: one.example\r\n${type}Content-Length: 4\r\n\r\nnu`)
  // After the answer to another request, the server has begun this request.
  await say(`GET /another HTTP/1.1\r\nHost: one.example\r\n${close}\r\n`)
  const withoutRequest = await connect()
  const begun = performance.now()
  const closed = listener.close(60_000)
  await idle.rest()
  assert.equal(busy.ended, false)
  const late = net.connect(port, '127.0.0.1')
  const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException]
  assert.equal(error.code, 'ECONNREFUSED')
  busy.write('ll')
  await busy.until('"/busy"')
  assert.deepEqual([await silent.rest(), await withoutRequest.rest()], ['', ''])
  await closed
  assert.ok(performance.now() - begun < 30_000, 'without waiting for the time that was given')
})

test('closing a listener disconnects requests that do not finish in time', async (t) => {
  const { listener, connect, say } = await open(t)
  const busy = await connect()
  busy.write(
    'POST /busy HTTP/1.1\r\nHost: one.example\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\nnu',
  )
  await say(`GET /another HTTP/1.1\r\nHost: one.example\r\n${close}\r\n`)
  const begun = performance.now()
  await listener.close(300)
  const took = performance.now() - begun
  assert.ok(took >= 290 && took < 30_000, `${took} ms`)
  assert.equal(await busy.rest(), '')
})

test('every IPv4 address and every IPv6 address can be listed with the same port', async (t) => {
  const app = createApp({ log: createLog('silent'), trustedProxies: [] })
  t.after(() => app.close())
  const port = await freePort()
  const hosts = ['0.0.0.0', '::']
  const listener = await listen(app, { addresses: hosts.map((host) => ({ host, port })), tls: undefined })
  t.after(() => listener.close(0))
  assert.deepEqual(
    listener.addresses.map(({ host }) => host),
    hosts,
  )
  for (const host of ['127.0.0.1', '::1']) {
    const socket = net.connect(port, host)
    await once(socket, 'connect')
    socket.destroy()
  }
})

test('if a listener cannot bind one of its addresses, it uses no address', async (t) => {
  const app = createApp({ log: createLog('silent'), trustedProxies: [] })
  t.after(() => app.close())
  const other = net.createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.after(() => other.close())
  const ports = [await freePort(), (other.address() as AddressInfo).port]
  const addresses = ports.map((port) => ({ host: '127.0.0.1', port }))
  await assert.rejects(listen(app, { addresses, tls: undefined }), { code: 'EADDRINUSE' })
  const again = net.createServer().listen(ports[0], '127.0.0.1')
  await once(again, 'listening')
  again.close()
})
