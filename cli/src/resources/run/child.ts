import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import type { Log } from '../../framework/terminal/log.ts'

/** The signals that are passed on. */
export const passedSignals = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const

/** The exit code of a program that a signal ended, as in a shell. */
export function signalExitCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}

/** A command that uses the standard streams of this process. */
export type RunningCommand = {
  readonly exitCode: Promise<number>
  readonly signal: (signal: NodeJS.Signals) => void
}

/**
 * Starts a command. As in a shell, the exit code is 127 if the program does not exist, and 126 if the program cannot be
 * run.
 */
export function startCommand(
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  log: Log,
): RunningCommand {
  const child = spawn(program, args, { stdio: 'inherit', env })
  const exitCode = new Promise<number>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const isMissing = error.code === 'ENOENT'
      log.error(isMissing ? `${program}: command not found` : `${program} cannot be run: ${plainReason(error)}`)
      resolve(isMissing ? 127 : 126)
    })
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 0) : signalExitCode(signal)))
  })
  return { exitCode, signal: (signal) => void child.kill(signal) }
}
