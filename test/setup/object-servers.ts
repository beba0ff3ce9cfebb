import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createConnection } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.mjs'

/** A server of objects in memory. The endpoint of Azurite ends with the name of the account. */
export type ObjectServer = { readonly endpoint: string; readonly port: number; readonly stop: () => Promise<void> }

/** Azurite's account, which everybody knows. [Azurite, Default storage account] */
export const azuriteAccount = {
  name: 'devstoreaccount1',
  key: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
}

const azurite = fileURLToPath(
  new URL('../../node_modules/.cache/acrux-test/azurite/node_modules/azurite/dist/src/blob/main.js', import.meta.url),
)

/** Whether Azurite is installed. */
export function hasAzurite() {
  return existsSync(azurite)
}

/** Whether moto is installed. */
export function hasMoto() {
  return existsSync('/usr/lib/python3/dist-packages/moto')
}

const saved = fileURLToPath(new URL('azurite-saved.cjs', import.meta.url))

/**
 * Starts Azurite, which `npm test` installs. With a folder, what it has acknowledged is in files there, and `stop` is a SIGKILL
 * after which it can be started again on the same port.
 */
export async function startAzurite(kept?: { readonly folder: string; readonly port?: number }): Promise<ObjectServer> {
  const port = kept?.port ?? (await freePort())
  const address = ['--blobHost', '127.0.0.1', '--blobPort', String(port)]
  const options = ['--silent', '--skipApiVersionCheck', '--disableTelemetry']
  const place = kept === undefined ? ['--inMemoryPersistence'] : ['--location', kept.folder]
  const preload = kept === undefined ? [] : ['--require', saved]
  const { stop } = await start(process.execPath, [...preload, azurite, ...address, ...options, ...place], port)
  return { endpoint: `http://127.0.0.1:${port}/${azuriteAccount.name}`, port, stop }
}

/** Starts Debian's moto, a server of S3 that accepts every credential. */
export async function startMoto(): Promise<ObjectServer> {
  const port = await freePort()
  const args = ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)]
  const { stop } = await start('/usr/bin/python3', args, port)
  return { endpoint: `http://127.0.0.1:${port}`, port, stop }
}

async function start(command: string, args: readonly string[], port: number) {
  const child = spawn(command, args, { stdio: 'ignore' })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = once(child, 'exit')
  ended.then(
    () => process.off('exit', kill),
    () => undefined,
  )
  for (const deadline = Date.now() + 120_000; !(await accepts(port)); await sleep(20)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      kill()
      throw new Error(`${command} ${args[0]} did not start`)
    }
  }
  const stop = async () => {
    kill()
    await ended
  }
  return { stop }
}

async function accepts(port: number) {
  const socket = createConnection({ port, host: '127.0.0.1' })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
