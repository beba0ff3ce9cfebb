import assert from 'node:assert/strict'
import http from 'node:http'
import { type Socket, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { Acceptor } from './acceptor.ts'

async function open(t: TestContext) {
  const acceptor = await Acceptor.open([{ host: '127.0.0.1', port: 0 }], { isTls: false })
  t.after(() => acceptor.close())
  const [address] = acceptor.addresses
  assert.ok(address !== undefined && address.port > 0)
  return { acceptor, port: address.port }
}

function get(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get({ port, host: '127.0.0.1', agent: false }, (response) => {
        text(response).then(resolve, reject)
      })
      .on('error', reject)
  })
}

const saying = (word: string) => http.createServer((_request, response) => response.end(word))

test('an acceptor passes connections to the current server, and passes connections that arrive between two servers to the next server', async (t) => {
  const { acceptor, port } = await open(t)
  const first = saying('first')
  acceptor.attach([first])
  assert.equal(await get(port), 'first')
  await acceptor.detach(first)
  const between = get(port)
  const waits = connect(port, '127.0.0.1')
  t.after(() => waits.destroy())
  await new Promise((resolve) => waits.once('connect', resolve))
  // The acceptor does not lose bytes that a client sends when there is no server.
  waits.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  await new Promise((resolve) => setTimeout(resolve, 50))
  acceptor.attach([saying('second')])
  assert.equal(await between, 'second')
  assert.match(await text(waits), /second$/)
})

test('an acceptor waits until the connections of a server are closed, and can close the connections', async (t) => {
  const { acceptor, port } = await open(t)
  const opened = Promise.withResolvers<Socket>()
  const server = http.createServer().on('connection', opened.resolve)
  acceptor.attach([server])
  const client = connect(port, '127.0.0.1')
  await opened.promise
  let isDetached = false
  const detached = acceptor.detach(server).then(() => (isDetached = true))
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(isDetached, false)
  acceptor.disconnect()
  await detached
  client.destroy()
})

test('a connection that arrives after the other connections were closed waits for the next server', async (t) => {
  const { acceptor, port } = await open(t)
  acceptor.attach([saying('first')])
  acceptor.disconnect()
  const answer = get(port)
  await new Promise((resolve) => setTimeout(resolve, 50))
  acceptor.attach([saying('second')])
  assert.equal(await answer, 'second')
})

test('an acceptor listens on every address or on none', async (t) => {
  const { port } = await open(t)
  const taken = { host: '127.0.0.1', port }
  await assert.rejects(Acceptor.open([{ host: '127.0.0.1', port: 0 }, taken], { isTls: true }), { code: 'EADDRINUSE' })
})
