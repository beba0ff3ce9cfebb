import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { atProcessEnd } from '../harness/process-end.ts'

/** `acrux serve` of a package, which accepts connections. Disposing of it stops it. */
export interface Serving extends AsyncDisposable {
  readonly pid: number
  /** Milliseconds from the start of the process to the line. */
  readonly readyMs: number
  /** Ends it by SIGTERM, and waits for its end. */
  stop(): Promise<void>
}

/** Starts a program that runs `acrux serve`, and waits for the line that says it accepts connections. */
export async function startUntilReady(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Serving> {
  const begun = performance.now()
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const forget = atProcessEnd(() => child.kill('SIGKILL'))
  const ended = once(child, 'close').finally(forget)
  let output = ''
  const ready = Promise.withResolvers<undefined>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (/^acrux: ready at /m.test(output)) ready.resolve(undefined)
    })
  }
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
  }
  const first = await Promise.race([ready.promise, ended])
  if (first !== undefined) throw new Error(`${command} ended before the server was ready:\n${output}`)
  return { pid: child.pid ?? 0, readyMs: performance.now() - begun, stop, [Symbol.asyncDispose]: stop }
}
