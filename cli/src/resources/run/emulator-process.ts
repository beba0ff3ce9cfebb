import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isSea } from 'node:sea'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReadyDocument } from '@acrux/shared/wire/ready-document.ts'
import { CommandFailure } from '../../framework/command/failure.ts'

/** The exit code if the emulator failed. `docker run` and `env` use the same exit code for their own failures. */
export const emulatorFailed = 125

/** An emulator in a separate process. */
export type EmulatorProcess = {
  readonly ready: ReadyDocument
  /** A text about the end of the process; the promise settles when the process ends. */
  readonly ended: Promise<string>
  /** Stops the emulator, and waits for its end. */
  readonly stop: () => Promise<void>
}

const pollMs = 15
const maxStopMs = 10_000

/** How to call this program: as an executable, or as a file that Node runs. */
function thisProgram(): readonly string[] {
  return isSea() ? [process.execPath] : [process.execPath, ...process.execArgv, process.argv[1] ?? '']
}

/**
 * Starts `acrux emulator` with these options, and waits until it is ready. Only the errors and warnings of the emulator
 * are shown. The emulator always ends when this process ends.
 *
 * @throws CommandFailure if the emulator ends before it is ready, or when `abort` stops the start
 */
export async function startEmulator(
  options: readonly string[],
  readyFile: string,
  abort: AbortSignal,
): Promise<EmulatorProcess> {
  const [program = '', ...first] = thisProgram()
  const args = [...first, 'emulator', ...options, '--ready-file', readyFile, '--until-stdin-closes']
  // The emulator runs in a separate process group, so that an interrupt of the terminal reaches only the command.
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

/** Waits until the file exists. If the emulator ends first, returns how the emulator ended. */
async function endUnlessReady(ended: Promise<string>, readyFile: string): Promise<string | undefined> {
  for (;;) {
    const end = await Promise.race([ended, sleep(pollMs, undefined)])
    if (end !== undefined || existsSync(readyFile)) return end
  }
}

async function endOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
    return code === null ? `${signal ?? 'a signal'} ended the process` : `the emulator ended with exit code ${code}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
