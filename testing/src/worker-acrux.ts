import tls from 'node:tls'
import type { Acrux, AcruxOptions } from './api/api.ts'
import { startAcrux } from './start-acrux.ts'

const key = Symbol.for('acrux.testing.worker')

/**
 * The key under which the emulator of this process is stored. Test runners load this module again for each file, and each file has its own
 * `globalThis`, but all files of a process share the modules of Node.
 */
const shared = tls as { [key]?: Promise<Acrux> }

/**
 * The emulator of this worker process of a test runner. The first call starts the emulator, and all calls return the same emulator. The
 * emulator ends with the process. Call `reset` before each test.
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
