import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { ReadyDocument } from '@acrux/shared/wire/ready-document.ts'
import type { AcruxOptions } from '../api/api.ts'
import { AcruxStartError } from '../api/errors.ts'
import { emulatorArguments } from './arguments.ts'
import { programCommand } from './program.ts'
import { tempFolder } from './temp-folder.ts'

/** `acrux emulator` as a child process that is ready. */
export interface EmulatorProcess {
  readonly ready: ReadyDocument
  readonly output: ProcessOutput
  /** Ends the process, and waits for its end. */
  readonly stop: () => Promise<void>
}

/** The text that a process has written. Only the end of a long text is stored. */
export type ProcessOutput = {
  readonly text: () => string
  /** The number of characters that the process has written. */
  readonly position: () => number
  /** The text that the process has written since a position. */
  readonly since: (position: number) => string
}

/** The maximum number of stored characters. */
const maxLogLength = 4 * 2 ** 20

/** The time after which an emulator that does not stop is killed. */
const stopTimeoutMs = 10_000

/**
 * Starts the emulator, and waits until it is ready. The emulator ends when its standard input closes, so it also ends when this process is
 * killed. A running emulator does not keep this process alive.
 *
 * @throws AcruxStartError
 */
export async function startEmulator(options: AcruxOptions): Promise<EmulatorProcess> {
  const { log = 'onFailure', startTimeoutMs = 10_000 } = options
  const files = tempFolder()
  try {
    const folder = files.folderOf('start')
    const readyFile = join(folder, 'ready.json')
    const [command, ...args] = programCommand(options.program)
    const child = spawn(command, [...args, ...emulatorArguments(options, folder, readyFile)], {
      env: childEnvironment(),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const output = collectOutput([child.stdout, child.stderr], log === 'inherit')
    await untilReady(child, output, startTimeoutMs)
    const ready = JSON.parse(readFileSync(readyFile, 'utf8')) as ReadyDocument
    keepAlive(child, false)
    return { ready, output, stop: () => stop(child) }
  } finally {
    files.remove()
  }
}

/** The flags of Node and of its test runner apply to the test, not to the emulator. */
function childEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _flags, NODE_TEST_CONTEXT: _runner, ...others } = process.env
  return others
}

type CollectedOutput = ProcessOutput & { readonly onText: (listener: () => void) => void }

function collectOutput(streams: readonly Readable[], isInherited: boolean): CollectedOutput {
  let text = ''
  let dropped = 0
  let listener: () => void = () => undefined
  for (const stream of streams) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const excess = Math.max(0, text.length - maxLogLength)
      text = text.slice(excess)
      dropped += excess
      if (isInherited) process.stderr.write(chunk)
      listener()
    })
  }
  return {
    text: () => text,
    position: () => dropped + text.length,
    since: (position) => text.slice(Math.max(0, position - dropped)),
    onText: (next) => (listener = next),
  }
}

async function untilReady(child: ChildProcess, output: CollectedOutput, timeoutMs: number): Promise<void> {
  const ready = Promise.withResolvers<'ready'>()
  output.onText(() => {
    if (/^acrux: ready at /m.test(output.text())) ready.resolve('ready')
  })
  // A test may replace timers by fake timers.
  const late = once(AbortSignal.timeout(timeoutMs), 'abort').then(() => 'late' as const)
  const ended = once(child, 'close') as Promise<[code: number | null, signal: NodeJS.Signals | null]>
  // If a program cannot be run, the child process emits an event `error`, which rejects the promise.
  const first = await Promise.race([ready.promise, late, ended]).catch((cause: unknown) => {
    throw new AcruxStartError(`acrux could not be started: ${String(cause)}`, undefined, output.text())
  })
  ended.catch(() => undefined)
  output.onText(() => undefined)
  if (first === 'ready') return
  if (first === 'late') {
    child.kill('SIGKILL')
    await ended
    throw new AcruxStartError(`acrux was not ready within ${timeoutMs} ms`, undefined, output.text())
  }
  const [code, signal] = first
  throw new AcruxStartError(`acrux ended with ${code ?? signal}`, code ?? undefined, output.text())
}

/** Whether the child and its pipes keep this process alive. */
function keepAlive(child: ChildProcess, isKept: boolean): void {
  for (const handle of [
    child,
    child.stdin,
    child.stdout,
    child.stderr,
  ] as readonly (Partial<NodeJS.RefCounted> | null)[]) {
    if (isKept) handle?.ref?.()
    else handle?.unref?.()
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  keepAlive(child, true)
  const ended = once(child, 'close')
  const late = AbortSignal.timeout(stopTimeoutMs)
  late.addEventListener('abort', () => child.kill('SIGKILL'), { once: true })
  child.stdin?.end()
  await ended
}
