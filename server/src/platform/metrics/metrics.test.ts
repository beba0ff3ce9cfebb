import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { freePort } from '../../../../test/setup/free-port.mjs'
import { createApp } from '../http/app.ts'
import { createLog } from '../log/log.ts'
import { measure } from './metrics.ts'

const token = 'a-token-of-the-scraper'

async function serve(t: TestContext) {
  const log = createLog('silent')
  const port = await freePort()
  const close = await measure(createApp({ log, trustedProxies: [] }), log).serve({ host: '127.0.0.1', port }, token, [])
  t.after(close)
  return port
}

test('clients can open only a few connections to the metrics', async (t) => {
  const port = await serve(t)
  const ended: Promise<unknown>[] = []
  const sockets: Socket[] = []
  for (let count = 0; count < 80; count += 1) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    sockets.push(socket)
    ended.push(once(socket.resume(), 'close'))
  }
  // The server closes the last connections.
  await Promise.all(ended.slice(64))
  for (const socket of sockets) socket.destroy()
  await Promise.all(ended)
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization: `Bearer ${token}` } })
  assert.equal(answer.status, 200)
  assert.match(await answer.text(), /^process_cpu_seconds_total /m)
})
