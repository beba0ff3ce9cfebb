import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { request } from '../harness/http.ts'
import { startServer } from '../harness/server.ts'

test('plain HTTP at the port of HTTPS gets a 400 that says so, for any bytes at any speed', async () => {
  await using server = await startServer()
  const messages = {
    'a GET': 'GET /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'a POST with a body': `POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`,
    'one byte': 'P',
  }
  for (const [what, message] of Object.entries(messages)) {
    const socket = net.connect(server.port, '127.0.0.1')
    socket.write(message)
    let text = ''
    socket.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    await once(socket, 'close')
    assert.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/, what)
    const [head = '', body = ''] = text.split('\r\n\r\n')
    assert.equal(Number(/content-length: (\d+)/i.exec(head)?.[1]), Buffer.byteLength(body))
    assert.match(body, /This port speaks HTTPS/)
  }
  const plain = await request({ url: `http://127.0.0.1:${server.port}/v2/` })
  assert.equal(plain.status, 400)
  const secure = await request({ url: `${server.baseUrl}/v2/`, caFile: server.caFile })
  assert.equal(secure.status, 401)
})

/** What comes back for whatever is said in a TLS connection. */
async function say(port: number, servername: string | undefined, text: string): Promise<string> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...(servername !== undefined && { servername }),
  })
  socket.on('error', () => undefined)
  socket.write(text, 'latin1')
  let heard = ''
  socket.setEncoding('latin1').on('data', (piece: string) => (heard += piece))
  await new Promise((resolve) => socket.on('close', resolve))
  return heard
}

test('every answer has HSTS, also those that no surface gives; only what is called localhost has none', async () => {
  await using server = await startServer({ publicHost: 'registry.example.com' })
  const host = `registry.example.com:${server.port}`
  const close = 'Connection: close\r\n\r\n'
  const answers: Readonly<Record<string, readonly [status: number, text: string]>> = {
    'an answer': [401, `GET /v2/ HTTP/1.1\r\nHost: ${host}\r\n${close}`],
    'a page': [400, `GET /common/oauth2/v2.0/authorize HTTP/1.1\r\nHost: ${host}\r\n${close}`],
    'nothing there': [404, `GET /nothing HTTP/1.1\r\nHost: ${host}\r\n${close}`],
    'a URL that is malformed': [400, `GET /%zz HTTP/1.1\r\nHost: ${host}\r\n${close}`],
    'two hosts': [400, `GET / HTTP/1.1\r\nHost: ${host}\r\nHost: ${host}\r\n${close}`],
    'no host': [400, `GET / HTTP/1.1\r\n${close}`],
    'no request': [400, 'nonsense\r\n\r\n'],
    'a header that is too large': [431, `GET / HTTP/1.1\r\nHost: ${host}\r\nX: ${'x'.repeat(17_000)}\r\n${close}`],
    'an expectation': [417, `GET / HTTP/1.1\r\nHost: ${host}\r\nExpect: miracles\r\n${close}`],
    'two lengths': [400, `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1\r\nContent-Length: 2\r\n${close}`],
  }
  for (const [what, [status, text]] of Object.entries(answers)) {
    const answer = await say(server.port, 'registry.example.com', text)
    assert.ok(answer.startsWith(`HTTP/1.1 ${status} `), `${what}: ${answer.slice(0, 200)}`)
    assert.equal(answer.match(/^HTTP\/1\.1 /gm)?.length, 1, what)
    assert.match(answer, /\r\nstrict-transport-security: max-age=31536000\r\n/i, what)
    const local = await say(server.port, 'localhost', text.replaceAll('registry.example.com', 'localhost'))
    assert.doesNotMatch(local, /strict-transport-security/i, `${what}, at localhost`)
  }
})

test('hosts below ours are bound to HTTPS only where the setting says so', async () => {
  await using server = await startServer({
    publicHost: 'registry.example.com',
    args: ['--hsts-include-sub-domains', 'true'],
  })
  const host = `registry.example.com:${server.port}`
  const answer = await say(
    server.port,
    'registry.example.com',
    `GET /v2/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
  )
  assert.match(answer, /strict-transport-security: max-age=31536000; includeSubDomains\r\n/i)
})
