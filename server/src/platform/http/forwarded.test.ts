import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import http, { type IncomingMessage, type RequestOptions } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { createLog } from '../log/log.ts'
import { createApp } from './app.ts'
import { createForwarder, listenForForwarded } from './forwarded.ts'
import { mountRaw } from './raw-surface.ts'

const directory = await mkdtemp(path.join(tmpdir(), 'acrux-forwarded-'))
const socket = path.join(directory, 'workers.sock')
const app = createApp({ log: createLog('silent'), trustedProxies: [] })
const bodies: string[] = []
const urls: (string | undefined)[] = []
mountRaw(app, {
  name: 'raw',
  paths: ['/v2'],
  methods: ['GET', 'HEAD', 'PUT', 'POST'],
  handle: ({ request, response, origin }) => void answer(request, response, origin.remoteAddress),
})
const arrived = Promise.withResolvers<void>()
app.get('/slow', () => {
  arrived.resolve()
  return new Promise(() => undefined)
})
app.put('/documents', () => ({}))
const inside = await listenForForwarded(app, socket)
const forward = createForwarder(socket, () => worker)
const worker = createApp({ log: createLog('silent'), trustedProxies: [] })
const outside = http.createServer((request, response) => forward(request, response)).listen(0, '127.0.0.1')
await once(outside, 'listening')
const { port } = outside.address() as AddressInfo
after(async () => {
  outside.closeAllConnections()
  outside.close()
  await inside.close()
  await worker.close()
  await app.close()
  await rm(directory, { recursive: true })
})

async function answer(request: IncomingMessage, response: http.ServerResponse, remoteAddress: string): Promise<void> {
  urls.push(request.url)
  if (request.url === '/v2/early') {
    response.writeHead(413).end('too large')
    return
  }
  if (request.url === '/v2/cut') {
    response.writeHead(200, { 'content-length': 10 }).write('half')
    setImmediate(() => response.destroy())
    return
  }
  let body = ''
  for await (const piece of request) body += String(piece)
  bodies.push(body)
  const { headers, method, socket: connection } = request
  const seen = { method, body, remoteAddress, localPort: connection.localPort, headers }
  response.writeHead(201, ['x-twice', 'a', 'x-twice', 'b']).end(JSON.stringify(seen))
}

/** Sends bytes on a new connection, and returns the bytes that were received until the connection was closed. */
async function sendBytes(bytes: string, localAddress = '127.0.0.1'): Promise<string> {
  const connection = connect({ port, host: '127.0.0.1', localAddress })
  connection.write(bytes, 'latin1')
  let received = ''
  for await (const piece of connection) received += String(piece)
  return received
}

/** Sends a request, and returns the values of the request in the main thread. */
async function seenOf(lines: readonly string[], body = '', localAddress?: string) {
  const head = [`POST /v2/x HTTP/1.1`, 'Host: a', 'Connection: close', ...lines, '', body]
  const received = await sendBytes(head.join('\r\n'), localAddress)
  assert.match(received, /^HTTP\/1\.1 201 /, received)
  const [, text = ''] = received.split('\r\n\r\n')
  return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1))
}

/** Together with the headers that the forwarding adds, these headers are more than Node stores by default. */
const manyHeaders = Array.from({ length: 995 }, () => 'x:')

function send(
  url: string,
  options: RequestOptions = {},
  body?: string,
): Promise<{ status: number; headers: string[]; text: string }> {
  return new Promise((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', path: url, ...options }, (response) => {
      let text = ''
      response.on('data', (piece) => (text += String(piece)))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.rawHeaders, text }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

describe('a forwarded request', () => {
  it('a forwarded request arrives with its method, headers and body, and with the addresses of the client', async () => {
    const { status, headers, text } = await send('/v2/x', { method: 'PUT', headers: { 'x-own': '1' } }, 'some bytes')
    const seen = JSON.parse(text)
    assert.deepEqual(
      [status, seen.method, seen.body, seen.remoteAddress, seen.localPort, seen.headers['x-own']],
      [201, 'PUT', 'some bytes', '127.0.0.1', port, '1'],
    )
    assert.deepEqual(
      headers.filter((_, index) => headers[index - 1] === 'x-twice'),
      ['a', 'b'],
    )
  })

  it('a client cannot forge its address with a header in a forwarded request', async () => {
    const { text } = await send('/v2/x', { headers: { 'Acrux-Connection': '{"remoteAddress":"192.0.2.1"}' } })
    const seen = JSON.parse(text)
    assert.equal(seen.remoteAddress, '127.0.0.1')
    assert.equal(seen.headers['acrux-connection'], undefined)
  })

  it('a forwarded request without a body has an empty body, and a body without a length is sent in chunks', async () => {
    assert.equal(JSON.parse((await send('/v2/x', { method: 'POST' })).text).body, '')
    const chunked = await send('/v2/x', { method: 'POST', headers: { 'transfer-encoding': 'chunked' } }, 'in chunks')
    assert.equal(JSON.parse(chunked.text).body, 'in chunks')
  })

  it('the response to a forwarded HEAD request has headers but no body', async () => {
    const { status, text } = await send('/v2/x', { method: 'HEAD' })
    assert.deepEqual([status, text], [201, ''])
  })

  it('a forwarded request can be answered before its body is read, and its connection can be used again', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    const large = 'x'.repeat(1024 * 1024)
    assert.equal((await send('/v2/early', { method: 'PUT', agent }, large)).status, 413)
    assert.equal((await send('/v2/x', { agent })).status, 201)
    agent.destroy()
  })

  it('a forwarded request can be answered before its body is read, even if the connection is closed afterwards', async () => {
    const headers = { connection: 'close' }
    for (let count = 0; count < 20; count += 1) {
      const large = 'x'.repeat(4 * 1024 * 1024)
      assert.equal((await send('/v2/early', { method: 'PUT', headers, agent: false }, large)).status, 413)
    }
  })

  it('a forwarded request is answered even if Fastify closes the connection before it has read the body', async () => {
    const headers = { 'content-type': 'application/json' }
    for (let count = 0; count < 20; count += 1) {
      const large = JSON.stringify({ text: 'x'.repeat(4 * 1024 * 1024) })
      assert.equal((await send('/documents', { method: 'PUT', headers }, large)).status, 413)
    }
  })

  it('the response to a forwarded request is cut off if the main thread cuts off the response', async () => {
    await assert.rejects(send('/v2/cut'))
  })

  it('a forwarded request ends in the main thread when the client closes the connection', async () => {
    const closed = new Promise((resolve) => app.completionListeners.push(({ url }) => url === '/slow' && resolve(url)))
    const request = http.get({ port, host: '127.0.0.1', path: '/slow' }).on('error', () => undefined)
    await arrived.promise
    request.destroy()
    assert.equal(await closed, '/slow')
  })

  it('a request is not forwarded to the main thread if the client has already closed the connection', async () => {
    let connections = 0
    const mainThread = createServer((connection) => {
      connections += 1
      connection.destroy()
    }).listen(path.join(directory, 'counted.sock'))
    const toMainThread = createForwarder(path.join(directory, 'counted.sock'), () => worker)
    for (const gone of ['destroyed', 'closed'] as const) {
      const handled = Promise.withResolvers<void>()
      const forwardLate = async (request: IncomingMessage, response: http.ServerResponse) => {
        request.on('error', () => undefined).socket.destroy()
        if (gone === 'closed') await once(request.socket, 'close')
        toMainThread(request, response)
        handled.resolve()
      }
      const late = http.createServer((request, response) => void forwardLate(request, response))
      late.listen(0, '127.0.0.1')
      await once(late, 'listening')
      await assert.rejects(send('/v2/x', { port: (late.address() as AddressInfo).port }))
      await handled.promise
      late.close()
    }
    // The server would accept a connection that was opened earlier before this connection.
    await once(connect(path.join(directory, 'counted.sock')).resume(), 'close')
    mainThread.close()
    assert.equal(connections, 1)
  })

  it("the headers of the client's connection are not forwarded", async () => {
    const rows: readonly (readonly [lines: readonly string[], dropped: readonly string[]])[] = [
      [['Trailer: x'], ['trailer']],
      [['Trailer: x', 'Transfer-Encoding: chunked'], ['trailer']],
      [['TE: trailers'], ['te']],
      [['Keep-Alive: timeout=5'], ['keep-alive']],
      [
        ['Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: A'],
        ['upgrade', 'http2-settings'],
      ],
      [['Proxy-Connection: keep-alive'], ['proxy-connection']],
      [
        ['Proxy-Authorization: Basic QTpB', 'Proxy-Anything: 1'],
        ['proxy-authorization', 'proxy-anything'],
      ],
      [['Connection: X-Own ,, "', 'X-Own: 1', 'X-Other: 2'], ['x-own']],
    ]
    for (const [lines, dropped] of rows) {
      const isChunked = lines.some((line) => line.startsWith('Transfer'))
      const { headers } = await seenOf(lines, isChunked ? '0\r\nx: 1\r\n\r\n' : '')
      for (const name of dropped) assert.equal(headers[name], undefined, lines.join())
    }
    assert.equal((await seenOf(['Connection: X-Own', 'X-Other: 2'])).headers['x-other'], '2')
  })

  it('the body and the host are forwarded even if the header Connection names their headers', async () => {
    const lines = [
      'Connection: content-length, host, x-forwarded-for',
      'X-Forwarded-For: 192.0.2.1',
      'Content-Length: 4',
    ]
    const { body, headers } = await seenOf(lines, 'body')
    assert.deepEqual([body, headers.host, headers['x-forwarded-for']], ['body', 'a', '192.0.2.1'])
    const chunked = ['Connection: transfer-encoding', 'Transfer-Encoding: chunked']
    assert.equal((await seenOf(chunked, '4\r\nbody\r\n0\r\n\r\n')).body, 'body')
  })

  it('a forwarded request has the addresses of the client, even if the request has many headers', async () => {
    assert.equal((await seenOf([], '', '127.0.0.2')).remoteAddress, '127.0.0.2')
    for (const lines of [
      manyHeaders,
      ['Connection: acrux-connection'],
      ['Acrux-Connection: {}', ...manyHeaders.slice(1)],
    ]) {
      assert.equal((await seenOf(lines)).remoteAddress, '127.0.0.1')
    }
  })

  it('a client cannot hide another request in the body of a forwarded request', async () => {
    const hidden = 'POST /v2/hidden HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'
    const { body } = await seenOf([...manyHeaders, `Content-Length: ${hidden.length}`], hidden)
    assert.equal(body, hidden)
    const chunked = [...manyHeaders, 'Transfer-Encoding: chunked']
    const size = hidden.length.toString(16)
    assert.equal((await seenOf(chunked, `${size}\r\n${hidden}\r\n0\r\n\r\n`)).body, hidden)
    assert.equal((await send('/v2/x')).status, 201)
    assert.ok(!urls.includes('/v2/hidden'))
  })

  it('a forwarded request gets the status 400 if it cannot be sent, and 502 if the main thread does not answer', async () => {
    const malformed = http.createServer((request, response) => {
      request.url = '/v2/a b'
      forward(request, response)
    })
    const toNothing = createForwarder(path.join(directory, 'nothing.sock'), () => worker)
    const unanswered = http.createServer((request, response) => toNothing(request, response))
    for (const [server, status] of [
      [malformed, 400],
      [unanswered, 502],
    ] as const) {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port: ownPort } = server.address() as AddressInfo
      const answer = await send('/v2/x', { port: ownPort, method: 'PUT' }, 'x'.repeat(1024 * 1024))
      assert.equal(answer.status, status)
      assert.equal(typeof JSON.parse(answer.text).error.message, 'string')
      server.closeAllConnections()
      server.close()
    }
  })
})
