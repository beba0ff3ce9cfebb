import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import { connect, type Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { bind, reservePorts } from './bind.ts'

const anyPort = { host: '127.0.0.1', port: 0 }

function newServer(t: TestContext): Server {
  const server = createServer((_request, response) => response.end('hello'))
  t.after(() => server.close())
  return server
}

test('only the listener for which a port is reserved can use the port', async (t) => {
  const reserved = await reservePorts([anyPort, anyPort])
  const [address, second] = reserved.addresses
  assert.ok(address !== undefined && second !== undefined && address.port > 0 && address.port !== second.port)
  await assert.rejects(bind(newServer(t), address, { all: [], reusePort: false }), { code: 'EADDRINUSE' })
  const early = connect(address)
  await once(early, 'close')
  await bind(newServer(t), address, { all: [address], reusePort: false, reserved })
  const response = await new Promise<number | undefined>((resolve, reject) => {
    get({ ...address, agent: false }, (found) => resolve(found.resume().statusCode)).on('error', reject)
  })
  assert.equal(response, 200)
  await reserved.release()
  await bind(newServer(t), second, { all: [], reusePort: false })
})

test('a given port does not change when ports are reserved', async () => {
  const reserved = await reservePorts([{ host: '127.0.0.1', port: 5443 }])
  assert.deepEqual(reserved.addresses, [{ host: '127.0.0.1', port: 5443 }])
  assert.equal(reserved.take({ host: '127.0.0.1', port: 5443 }), undefined)
})

test('an unavailable address causes an error, and no port stays reserved', async () => {
  await assert.rejects(reservePorts([anyPort, { host: '192.0.2.1', port: 0 }]), { code: 'EADDRNOTAVAIL' })
})
