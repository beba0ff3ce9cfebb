import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '../../harness/clients.ts'
import { atProcessEnd } from '../../harness/process-end.ts'
import { watchOver } from '../../harness/watchdog.ts'

/** How a daemon is started. */
export interface DaemonOptions {
  command: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  /** The file for its output. */
  logFile: string
  /** A command that ends with 0 once the daemon can be used. */
  probe: readonly [string, readonly string[]]
}

/**
 * Starts a daemon and waits, a minute at most, until it can be used. Disposing of it asks it to end by SIGTERM, and kills what
 * is left of its process group after 15 seconds.
 */
export async function startDaemon(options: DaemonOptions): Promise<AsyncDisposable> {
  const log = openSync(options.logFile, 'a')
  const child = spawn(options.command, options.args, {
    env: options.env,
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  const { pid } = child
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const signalGroup = (signal: NodeJS.Signals): void => {
    if (pid === undefined) return
    try {
      process.kill(-pid, signal)
    } catch {
      return
    }
  }
  const forget = atProcessEnd(() => signalGroup('SIGKILL'))
  const callOff = pid === undefined ? () => undefined : watchOver(-pid)
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const patience = new AbortController()
    await Promise.race([ended, sleep(60_000, undefined, { signal: patience.signal }).catch(() => undefined)])
    patience.abort()
    signalGroup('SIGKILL')
    await ended
    callOff()
    forget()
  }
  const [probe, probeArgs] = options.probe
  for (const deadline = Date.now() + 180_000; Date.now() < deadline; await sleep(100)) {
    if (child.exitCode !== null || child.signalCode !== null || pid === undefined) break
    const answer = await run(probe, probeArgs, { env: options.env, timeoutMs: 60_000 })
    if (answer.code === 0) return { [Symbol.asyncDispose]: stop }
  }
  await stop()
  throw new Error(`${options.command} did not start:\n${readFileSync(options.logFile, 'utf8').slice(-3000)}`)
}
