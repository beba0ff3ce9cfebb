import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the ports that systems assign: from 32768 on Linux, from 49152 elsewhere. So no other process gets one of these
 * between the moment it is found and the moment it is used, or used again.
 */
const [least, most] = [16_000, 31_999]

/**
 * False if another process listens there already.
 *
 * @param {import('node:net').Server} server
 * @param {{ port: number, host: string } | { path: string }} where
 */
async function listening(server, where) {
  server.listen(where)
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false
  }
}

/**
 * A TCP port of 127.0.0.1 that is free, and that no other test process is given until this one ends: a socket in the abstract
 * namespace is the sign of that [unix(7)]. Other systems have no such namespace; there the port was free a moment ago.
 */
export async function freePort() {
  for (;;) {
    const port = randomInt(least, most + 1)
    const sign = createServer()
    if (process.platform === 'linux' && !(await listening(sign, { path: `\0acrux-test-port-${port}` }))) continue
    sign.unref()
    const probe = createServer()
    const isFree = await listening(probe, { port, host: '127.0.0.1' })
    if (isFree) {
      probe.close()
      await once(probe, 'close')
      return port
    }
    sign.close()
  }
}
