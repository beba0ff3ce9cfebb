import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { recordAnswered } from '../harness/answered.ts'
import { freePort } from '../harness/free-port.ts'
import { atProcessEnd } from '../harness/process-end.ts'
import { mainFile } from '../harness/program.ts'
import { tempDir } from '../harness/temp-dir.ts'

/** The input of `acrux` in addition to its arguments. */
export interface Surroundings {
  /** Environment variables, beside `PATH` and the like. */
  env?: Readonly<Record<string, string>>
  /** The working directory; a private one that is gone afterwards by default. */
  cwd?: string
  /** The main file, if it is not that of the other tests. */
  program?: string
}

/** A program that ended. */
export interface Finished {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** A program that runs. Disposing of it kills it. */
export interface Started extends AsyncDisposable {
  readonly pid: number
  /** What it has written so far. */
  stdout(): string
  stderr(): string
  signal(name: NodeJS.Signals): void
  readonly ended: Promise<Finished>
}

function launch(args: readonly string[], surroundings: Surroundings): { child: ChildProcess; started: Started } {
  const home = tempDir('program')
  const { PATH = '', TMPDIR } = process.env
  const child = spawn(process.execPath, [surroundings.program ?? mainFile, ...args], {
    cwd: surroundings.cwd ?? home.path,
    env: { PATH, ...(TMPDIR !== undefined && { TMPDIR }), HOME: home.path, ...surroundings.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const forget = atProcessEnd(() => child.kill('SIGKILL'))
  const written = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      written[name] += text
    })
  }
  const ended = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      forget()
      recordAnswered(written.stdout + written.stderr)
      home.remove()
      resolve({ code, signal, ...written })
    })
  })
  const started: Started = {
    pid: child.pid ?? 0,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    signal: (name) => void child.kill(name),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
  return { child, started }
}

/** Runs `acrux` to its end; one that is still there after five minutes is killed. */
export async function runAcrux(args: readonly string[], surroundings: Surroundings = {}): Promise<Finished> {
  const { started } = launch(args, surroundings)
  const patience = setTimeout(() => started.signal('SIGKILL'), 300_000)
  const finished = await started.ended
  clearTimeout(patience)
  return finished
}

/** Starts `acrux`, and waits for nothing. */
export function startProgram(args: readonly string[], surroundings: Surroundings = {}): Started {
  return launch(args, surroundings).started
}

/** Starts `acrux serve` and waits for the line that says it accepts connections; throws, with its output, where none comes. */
export function startAcrux(args: readonly string[], surroundings: Surroundings = {}): Promise<Started> {
  return startUntilReady(['serve', ...args], readyPattern, surroundings)
}

/** Starts `acrux` and waits until it has written that it is ready; throws, with its output, where it does not. */
export async function startUntilReady(
  args: readonly string[],
  ready: RegExp,
  surroundings: Surroundings = {},
): Promise<Started> {
  const { child, started } = launch(args, surroundings)
  const patience = new AbortController()
  const said = new Promise<'ready'>((resolve) => {
    child.stdout?.on('data', () => {
      if (ready.test(started.stdout())) resolve('ready')
    })
  })
  const late = sleep(300_000, 'silent' as const, { signal: patience.signal }).catch(() => 'silent' as const)
  const first = await Promise.race([said, started.ended, late])
  patience.abort()
  if (first === 'ready') return started
  started.signal('SIGKILL')
  await started.ended
  throw new Error(`acrux ${args[0] ?? ''} did not become ready:\n${started.stdout()}${started.stderr()}`)
}

const readyPattern = /^acrux: ready at (\S+)$/m

/** The address that the server says it is ready at; undefined while it says nothing. */
export function readyLine(started: Started): string | undefined {
  return readyPattern.exec(started.stdout())?.[1]
}

/** A place for a server of its own: a data directory that does not exist yet and a free port. */
export interface Place extends Disposable {
  readonly folder: string
  readonly dataDir: string
  readonly port: number
  /** `--data-dir` and `--listen`. */
  readonly args: readonly string[]
}

/** Finds a place for a server, whose files are gone when it is disposed of. */
export async function freePlace(): Promise<Place> {
  const folder = tempDir('place')
  const port = await freePort()
  const dataDir = join(folder.path, 'data')
  const args = ['--data-dir', dataDir, '--listen', `127.0.0.1:${port}`]
  return { folder: folder.path, dataDir, port, args, [Symbol.dispose]: () => folder.remove() }
}
