import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isSea } from 'node:sea'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReadyDocument } from '@acrux/shared/wire/ready-document.ts'
import { CommandFailure } from '../../framework/command/failure.ts'

/** The exit code if the emulator failed, as `docker run` and `env` have it for their own failures. */
export const emulatorFailed = 125

/** An emulator in a process of its own. */
export type EmulatorProcess = {
  readonly ready: ReadyDocument
  /** How it ended, in words; settles as soon as it has ended. */
  readonly ended: Promise<string>
  /** Stops it, and waits until it has ended. */
  readonly stop: () => Promise<void>
}

const pollMs = 15
const maxStopMs = 10_000

/** How this program is called: as one executable, or as a file that Node runs. */
function thisProgram(): readonly string[] {
  return isSea() ? [process.execPath] : [process.execPath, ...process.execArgv, process.argv[1] ?? '']
}

/**
 * Starts `acrux emulator` with these options, and waits until it is ready. What it prints is not shown, except for its errors and
 * warnings. It ends when this process ends, however that happens.
 *
 * @throws CommandFailure if it ends before, or when `abort` stops the start
 */
export async function startEmulator(
  options: readonly string[],
  readyFile: string,
  abort: AbortSignal,
): Promise<EmulatorProcess> {
  const [program = '', ...first] = thisProgram()
  const args = [...first, 'emulator', ...options, '--ready-file', readyFile, '--until-stdin-closes']
  // In a process group of its own, the interrupt of a terminal reaches the command, and the emulator outlives it.
  const child = spawn(program, args, {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
    env: { ACRUX_LOG_LEVEL: 'warn', ...process.env },
  })
  child.stdin?.on('error', () => undefined)
  const ended = endOf(child)
  const stop = async () => {
    child.stdin?.end()
    await Promise.race([ended, sleep(maxStopMs, undefined, { ref: false })])
    child.kill('SIGKILL')
    await ended
  }
  abort.addEventListener('abort', () => child.stdin?.end())
  const end = await endUnlessReady(ended, readyFile)
  if (end !== undefined) throw new CommandFailure(`the emulator did not start: ${end}`, emulatorFailed)
  try {
    return { ready: JSON.parse(await readFile(readyFile, 'utf8')) as ReadyDocument, ended, stop }
  } catch (cause) {
    await stop()
    throw new CommandFailure(`the file ${readyFile} cannot be read`, emulatorFailed, undefined, { cause })
  }
}

/** Waits until the file exists. Returns how the emulator ended if it ends before. */
async function endUnlessReady(ended: Promise<string>, readyFile: string): Promise<string | undefined> {
  for (;;) {
    const end = await Promise.race([ended, sleep(pollMs, undefined)])
    if (end !== undefined || existsSync(readyFile)) return end
  }
}

async function endOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
    return code === null ? `it was ended by ${signal ?? 'a signal'}` : `the emulator ended with exit code ${code}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
