import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProgram, type Ran } from '../../harness/clients.ts'
import { at } from '../../harness/json.ts'
import { atProcessEnd } from '../../harness/process-end.ts'
import { until } from '../../harness/until.ts'

const program = fileURLToPath(new URL('az-forks.py', import.meta.url))

/** Runs commands of the real az, each in a process of its own that has imported az already. */
export interface AzForks extends Disposable {
  /** Runs a command to its end. `onStderr` gets all of stderr so far, whenever there is more. */
  run(args: readonly string[], timeoutMs: number, onStderr: (text: string) => void): Promise<Ran>
}

/** The Python that Debian's az runs in. Undefined if az is missing, or is installed in another way. */
function debianPython(): string | undefined {
  const az = process.platform === 'linux' ? findProgram('az') : undefined
  const text = az === undefined ? '' : readFileSync(az, 'utf8')
  if (!text.includes("runpy.run_module('azure.cli')")) return undefined
  return /^#! ?(\/\S+)\n/.exec(text)?.[1]
}

/**
 * Returns what runs commands in an environment, with its files in a folder. Undefined if az is not Debian's: then every command
 * has to import az. The process that forks starts with the first command.
 */
export function azForks(folder: string, env: Readonly<Record<string, string>>): AzForks | undefined {
  const python = debianPython()
  return python === undefined ? undefined : new Forks(python, folder, env)
}

class Forks implements AzForks {
  readonly #python: string
  readonly #folder: string
  readonly #env: Readonly<Record<string, string>>
  #parent: ChildProcess | undefined
  #forget = (): void => undefined
  #commands = 0

  constructor(python: string, folder: string, env: Readonly<Record<string, string>>) {
    this.#python = python
    this.#folder = folder
    this.#env = env
  }

  async run(args: readonly string[], timeoutMs: number, onStderr: (text: string) => void): Promise<Ran> {
    this.#commands += 1
    const [stdout, stderr] = [`out-${this.#commands}`, `err-${this.#commands}`].map((name) => join(this.#folder, name))
    if (stdout === undefined || stderr === undefined) throw new Error('there are two names')
    let seen = 0
    const watch = setInterval(() => {
      const text = readPart(stderr)
      if (text.length > seen) onStderr(text)
      seen = text.length
    }, 50)
    const timer = setTimeout(() => this[Symbol.dispose](), timeoutMs)
    try {
      const code = await ask(await this.#socket(), { args, stdout, stderr })
      return { code, stdout: readPart(stdout), stderr: readPart(stderr) }
    } finally {
      clearInterval(watch)
      clearTimeout(timer)
      for (const file of [stdout, stderr]) rmSync(file, { force: true })
    }
  }

  /** The socket of the process that forks, which this starts if it does not run. */
  async #socket(): Promise<string> {
    const path = join(this.#folder, 'az-forks')
    if (this.#parent === undefined) {
      rmSync(path, { force: true })
      const child = spawn(this.#python, [program, path], {
        env: this.#env,
        detached: true,
        stdio: ['pipe', 'ignore', 'inherit'],
      })
      // A test that does not dispose of it ends all the same.
      child.unref()
      this.#parent = child
      this.#forget = atProcessEnd(() => this[Symbol.dispose]())
    }
    const child = this.#parent
    await until('az is imported', () => existsSync(path) || child.exitCode !== null)
    if (child.exitCode !== null) throw new Error(`az-forks.py ended with ${child.exitCode}`)
    return path
  }

  /** Ends the process that forks, and the commands that run. */
  [Symbol.dispose](): void {
    const { pid, exitCode } = this.#parent ?? {}
    this.#parent = undefined
    this.#forget()
    if (pid === undefined || exitCode !== null) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch (cause) {
      if (at(cause, 'code') !== 'ESRCH') throw cause
    }
  }
}

/** What a command has written so far. */
function readPart(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/** Asks for a command, and waits for its end. Returns its exit code, or null if a signal ended it. */
function ask(
  socket: string,
  request: { args: readonly string[]; stdout: string; stderr: string },
): Promise<number | null> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const connection = createConnection(socket, () => connection.write(`${JSON.stringify(request)}\n`))
    connection.setEncoding('utf8').on('data', (text: string) => (answer += text))
    connection.on('error', reject)
    connection.on('close', () => resolve(/^\d+$/.test(answer) ? Number(answer) : null))
  })
}
