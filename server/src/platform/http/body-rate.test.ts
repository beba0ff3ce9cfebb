import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createLog } from '../log/log.ts'
import { createApp } from './app.ts'
import { createPacedMessage } from './body-rate.ts'
import { listen } from './listener.ts'
import { mountRaw } from './raw-surface.ts'
import { discardRest } from './unread-body.ts'

const pieces = 40_000
/**
 * The minimum duration. The server reads the allowance and one read of the socket at once, and the remaining bytes at a
 * limited rate.
 */
const leastMs = 1500

for (const [what, isRead] of [
  ['that is read', true],
  ['that nobody reads', false],
] as const) {
  test(`a body ${what}, in chunks of one byte, is received completely at a limited rate`, async (t) => {
    const app = createApp({ log: createLog('silent'), trustedProxies: [] })
    mountRaw(app, {
      name: 'raw',
      paths: ['/v2'],
      methods: ['PUT', 'GET'],
      handle: ({ request, response }) => {
        let count = 0
        if (isRead)
          request.on('data', (piece: Buffer) => (count += piece.length)).on('end', () => response.end(`${count}`))
        else {
          response.end('0')
          discardRest(request)
        }
      },
    })
    const listener = await listen(app, { addresses: [{ host: '127.0.0.1', port: 0 }], tls: undefined })
    t.after(() => listener.close(0))
    const socket = net.connect(listener.addresses[0]?.port ?? 0, '127.0.0.1')
    t.after(() => socket.destroy())
    let answer = ''
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text))
    await once(socket, 'connect')
    const begunMs = performance.now()
    socket.write('PUT /v2/ HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n')
    socket.write(`${'1\r\nx\r\n'.repeat(pieces)}0\r\n\r\n`)
    socket.write('GET /v2/ HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n')
    await once(socket, 'close')
    const tookMs = performance.now() - begunMs
    assert.equal(answer.match(/HTTP\/1\.1 200/g)?.length, 2, answer)
    assert.ok(answer.includes(isRead ? `${pieces}` : '\r\n\r\n'), answer)
    assert.ok(tookMs > leastMs, `${pieces} pieces were taken in ${Math.round(tookMs)} ms`)
  })
}

for (const [title, pieceBytes, isLimited] of [
  ['small pieces of a body are limited', 1, true],
  ['large pieces of a body are not limited, even if their reader frees them at once', 2048, false],
] as const) {
  test(title, async () => {
    const Message = createPacedMessage(() => false)
    const message = new Message(new net.Socket())
    let bytes = 0
    message.on('data', (piece: Uint8Array<ArrayBuffer>) => {
      bytes += piece.byteLength
      piece.buffer.transfer(0)
    })
    await nextTurn()
    let count = 0
    while (count < pieces && message.push(new Uint8Array(pieceBytes))) count += 1
    assert.equal(count < pieces, isLimited, `${count} pieces`)
    assert.equal(bytes, Math.min(count + 1, pieces) * pieceBytes)
  })
}

const unwantedBytes = 24 * 1024 * 1024

for (const [surface, path] of [
  ['of the registry', '/v2/'],
  ['of a route', '/route'],
] as const) {
  test(`an unread body ${surface} is discarded at a limited rate, and the connection can be used again`, async (t) => {
    const app = createApp({ log: createLog('silent'), trustedProxies: [] })
    mountRaw(app, {
      name: 'raw',
      paths: ['/v2'],
      methods: ['PUT', 'GET'],
      handle: ({ request, response }) => {
        response.end('0')
        discardRest(request)
      },
    })
    app.put('/route', { onRequest: async (_request, reply) => reply.code(401).send('0') }, () => '1')
    const listener = await listen(app, { addresses: [{ host: '127.0.0.1', port: 0 }], tls: undefined })
    t.after(() => listener.close(0))
    const socket = net.connect(listener.addresses[0]?.port ?? 0, '127.0.0.1')
    t.after(() => socket.destroy())
    let answer = ''
    let firstMs = Infinity
    await once(socket, 'connect')
    const begunMs = performance.now()
    socket.setEncoding('latin1').on('data', (text: string) => {
      answer += text
      firstMs = Math.min(firstMs, performance.now() - begunMs)
    })
    socket.write(`PUT ${path} HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${unwantedBytes}\r\n\r\n`)
    socket.write(Buffer.alloc(unwantedBytes))
    socket.write('GET /v2/ HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n')
    await once(socket, 'close')
    const tookMs = performance.now() - begunMs
    assert.equal(answer.match(/HTTP\/1\.1 [24]0/g)?.length, 2, answer)
    assert.ok(tookMs > leastMs, `${unwantedBytes} bytes were discarded in ${Math.round(tookMs)} ms`)
    assert.ok(firstMs < tookMs / 2, 'the answer does not wait for the body')
  })
}
