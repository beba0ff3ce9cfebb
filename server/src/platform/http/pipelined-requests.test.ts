import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { type TestContext, test } from 'node:test'
import { createLog } from '../log/log.ts'
import { AuthorizedWork, currentWork, runAuthorized } from '../process/authorized-work.ts'
import { until } from '../../../testing/platform/test-patience.ts'
import { createApp } from './app.ts'
import { listen } from './listener.ts'
import { mountRaw } from './raw-surface.ts'

/** Starts a server that answers each request when the test allows it, and opens a connection to this server. */
async function open(t: TestContext) {
  const app = createApp({ log: createLog('silent'), trustedProxies: [] })
  const begun: { readonly url: string; readonly work: unknown; readonly answer: () => void }[] = []
  mountRaw(app, {
    name: 'raw',
    paths: ['/v2'],
    methods: ['GET'],
    handle: ({ request: { url = '' }, response }) => {
      begun.push({ url, work: currentWork(), answer: () => response.end(url) })
    },
  })
  const listener = await listen(app, { addresses: [{ host: '127.0.0.1', port: 0 }], tls: undefined })
  t.after(() => listener.close(0))
  const socket = net.connect(listener.addresses[0]?.port ?? 0, '127.0.0.1')
  t.after(() => socket.destroy())
  const received = { text: '' }
  socket.setEncoding('latin1').on('data', (text: string) => (received.text += text))
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return { socket, begun, received }
}

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a.example\r\n${more}\r\n`
const aWhile = () => new Promise((resolve) => setTimeout(resolve, 50))

test('requests that arrive before the previous response are handled one after the other', async (t) => {
  const { socket, begun, received } = await open(t)
  socket.write([get('/v2/1'), get('/v2/2'), get('/v2/3', 'Expect: more\r\n'), get('/v2/4')].join(''))
  for (const number of [1, 2]) {
    await until(`request ${number} begins`, () => begun.length >= number)
    await aWhile()
    assert.deepEqual(
      begun.slice(number - 1).map(({ url }) => url),
      [`/v2/${number}`],
    )
    begun[number - 1]?.answer()
  }
  await once(socket, 'close')
  // The rejection of the third request closes the connection.
  assert.deepEqual(received.text.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 417'])
})

test("a request that waited for the previous response is not part of the previous caller's work", async (t) => {
  const { socket, begun } = await open(t)
  const authority = { authorityRevision: async () => 1, knownRevision: () => 1 }
  const work = new AuthorizedWork({ authority, revision: 1, decide: async () => undefined })
  socket.write(get('/v2/1').repeat(2))
  await until('the first request begins', () => begun.length === 1)
  runAuthorized(work, () => begun[0]?.answer())
  await until('the second request begins', () => begun.length === 2)
  assert.equal(begun[1]?.work, undefined)
  begun[1]?.answer()
})

test('a connection with too many waiting requests is closed', async (t) => {
  const { socket, begun } = await open(t)
  socket.write(get('/v2/1').repeat(400))
  await once(socket, 'close')
  await aWhile()
  assert.ok(begun.length <= 101, `${begun.length} of 400 were begun`)
})
