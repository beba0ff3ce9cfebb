import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { CallerBudgets } from '../limits/caller-budget.ts'
import { usualCallerLimits } from '../limits/caller-limits.ts'
import { createLog } from '../log/log.ts'
import { until } from '../../../testing/platform/test-patience.ts'
import { createApp } from './app.ts'
import { listen } from './listener.ts'

const handshakeRecord = 0x16

test('a connection that is reset while its handshake waits is closed, and the server continues', async (t) => {
  // The clock stops and another caller waits, so that the handshake never gets a turn.
  const callerBudgets = new CallerBudgets(usualCallerLimits, () => 0)
  const app = createApp({ log: createLog('silent'), trustedProxies: [], callerBudgets })
  const tls = { cert: '', key: '' }
  const listener = await listen(app, { addresses: [{ host: '127.0.0.1', port: 0 }], tls })
  t.after(async () => {
    await listener.close(0)
    await app.close()
  })
  const handshakes = callerBudgets.of('handshakes 127.0.0.1')
  void handshakes.enter()
  void callerBudgets.of('another caller').enter()
  handshakes.leave(1000)

  const client = net.connect(listener.addresses[0]?.port ?? 0, '127.0.0.1')
  await once(client, 'connect')
  client.write(Buffer.of(handshakeRecord))
  await until('the handshake to wait', () => handshakes.waiting === 1)
  client.resetAndDestroy()
  await until('the end of the connection', () => listener.counts().open === 0)
  assert.equal(listener.counts().handshakes, 0)
})
