import tls from 'node:tls'
import type { Acrux, AcruxOptions } from './api/api.ts'
import { startAcrux } from './start-acrux.ts'

const key = Symbol.for('acrux.testing.worker')

/**
 * Where the emulator of this process is stored. Test runners load this module again for each file, and give each file its own `globalThis`,
 * but all files of a process share the modules of Node.
 */
const shared = tls as { [key]?: Promise<Acrux> }

/**
 * The emulator of this worker process of a test runner: the first call starts it, and all calls return it. It ends with the process. Call
 * `reset` before each test.
 *
 * @throws AcruxStartError
 */
export function workerAcrux(options: AcruxOptions = {}): Promise<Acrux> {
  shared[key] ??= startShared(options)
  return shared[key]
}

async function startShared(options: AcruxOptions): Promise<Acrux> {
  const release = () => {
    delete shared[key]
  }
  try {
    const acrux = await startAcrux(options)
    const stop = () => {
      release()
      return acrux.stop()
    }
    return { ...acrux, stop, [Symbol.asyncDispose]: stop }
  } catch (cause) {
    release()
    throw cause
  }
}
