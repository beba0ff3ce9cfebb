import { spawn } from 'node:child_process'

/**
 * The reason why a command of the operator gave no result, such as `exited with code 3`. The reason contains no output
 * of the command.
 */
export class ShellCommandError extends Error {
  override readonly name = 'ShellCommandError'
}

export type ShellCommandOptions = {
  /** The standard input of the command, which is empty by default. */
  readonly input?: Uint8Array
  readonly timeoutMs: number
  readonly maxOutputBytes: number
}

/**
 * Runs a command of the operator in the shell, and returns its standard output. The standard error output is dropped,
 * because it may contain a secret. A command that takes too long, or prints too much, is killed together with all the
 * processes that it started.
 *
 * @throws ShellCommandError
 */
export function runShellCommand(command: string, options: ShellCommandOptions): Promise<Buffer> {
  const { input, timeoutMs, maxOutputBytes } = options
  // A separate process group can be killed as a whole.
  const isGroup = process.platform !== 'win32'
  const child = spawn(command, { shell: true, detached: isGroup, windowsHide: true, stdio: ['pipe', 'pipe', 'ignore'] })
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let sizeBytes = 0
    const fail = (problem: string, cause?: unknown) => {
      clearTimeout(timer)
      child.stdout.destroy()
      if (child.pid !== undefined) kill(child.pid, isGroup)
      reject(new ShellCommandError(problem, { cause }))
    }
    const timer = setTimeout(() => fail(`did not end within ${timeoutMs / 1000} seconds`), timeoutMs)
    child.once('error', (error) => fail('could not be started', error))
    // A command may exit before it has read its input.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    child.stdout.on('data', (piece: Buffer) => {
      sizeBytes += piece.length
      if (sizeBytes > maxOutputBytes) fail(`printed more than ${maxOutputBytes} bytes`)
      else pieces.push(piece)
    })
    child.once('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(pieces))
      else fail(code === null ? `was ended by ${signal ?? 'a signal'}` : `exited with code ${code}`)
      clearTimeout(timer)
    })
  })
}

function kill(pid: number, isGroup: boolean): void {
  try {
    process.kill(isGroup ? -pid : pid, 'SIGKILL')
  } catch {
    // The process has already exited.
  }
}
