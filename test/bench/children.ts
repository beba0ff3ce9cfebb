import { execFileSync, spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../harness/free-port.ts'
import { atProcessEnd } from '../harness/process-end.ts'
import { mainFile } from '../harness/program.ts'
import { tempDir } from '../harness/temp-dir.ts'
import type { BaselineTask } from './baseline.ts'
import { bind } from './cores.ts'
import type { Job, Outcome, Reply, Target } from './jobs.ts'

/** A process of the benchmark's. Disposing of it ends it. */
export interface Child extends AsyncDisposable {
  readonly pid: number
}

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

function start(args: readonly string[], stdio: StdioOptions): { child: ChildProcess; handle: Child } {
  // Variables of this shell are not to be settings of the server that is measured.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ACRUX_')))
  const child = spawn(process.execPath, args, { stdio, env })
  const forget = atProcessEnd(() => child.kill('SIGKILL'))
  const ended = once(child, 'close').finally(forget)
  const end = async (): Promise<void> => {
    child.kill('SIGTERM')
    const patience = setTimeout(() => child.kill('SIGKILL'), 15_000)
    await ended
    clearTimeout(patience)
  }
  return { child, handle: { pid: child.pid ?? 0, [Symbol.asyncDispose]: end } }
}

/** Waits until a child has written a line that matches; throws if it ends first. */
async function untilLine(child: ChildProcess, line: RegExp, errors: () => string): Promise<void> {
  let output = ''
  await new Promise<void>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (line.test(output)) resolve()
    })
    child.once('close', (code) => reject(new Error(`a server ended with code ${code}:\n${output}${errors()}`)))
  })
}

/** A data directory that is there already, and where its server listens. */
export interface SubjectPlace {
  readonly dataDir: string
  readonly port: number
  /** The main file of the program; that of this tree by default. */
  readonly main?: string | undefined
}

/** Starts a server on a data directory, bound to a core. */
export async function startSubject(
  { dataDir, port, main = mainFile }: SubjectPlace,
  core: number | undefined,
  args: readonly string[] = [],
): Promise<Child & { readonly readyMs: number }> {
  const folder = tempDir('bench-log')
  const logFile = join(folder.path, 'log')
  const log = openSync(logFile, 'w')
  const begun = performance.now()
  const place = ['--data-dir', dataDir, '--listen', `127.0.0.1:${port}`, '--public-host', `localhost:${port}`]
  const { child, handle } = start([main, 'serve', ...place, ...args], ['ignore', 'pipe', log])
  closeSync(log)
  await untilLine(child, /^acrux: ready at /m, () => readFileSync(logFile, 'utf8'))
  const readyMs = performance.now() - begun
  if (core !== undefined) bind(handle.pid, core)
  return {
    pid: handle.pid,
    readyMs,
    async [Symbol.asyncDispose]() {
      await handle[Symbol.asyncDispose]()
      folder.remove()
    },
  }
}

/** Starts a bare server with the certificate of another, bound to a core. */
export async function startBaseline(
  task: BaselineTask,
  like: Target,
  pairFile: string,
  core: number,
): Promise<Child & { readonly target: Target }> {
  const port = await freePort()
  const args = [file('baseline.ts'), JSON.stringify(task), pairFile, String(port)]
  const { child, handle } = start(args, ['ignore', 'pipe', 'inherit'])
  await untilLine(child, /^ready$/m, () => '')
  bind(handle.pid, core)
  return { ...handle, target: { ...like, port, pid: handle.pid } }
}

/** Starts a server of S3 with TLS that takes little processor time, bound to a core. */
export async function startObjectStub(
  core: number,
): Promise<Child & { readonly endpoint: string; readonly caFile: string }> {
  const folder = tempDir('bench-objects')
  const [certFile, keyFile] = [join(folder.path, 'cert.pem'), join(folder.path, 'key.pem')]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile]
  const names = ['-subj', '/CN=objects', '-addext', 'subjectAltName=IP:127.0.0.1']
  execFileSync('openssl', ['req', '-x509', '-days', '1', ...key, ...names, '-out', certFile], { stdio: 'ignore' })
  const port = await freePort()
  const { child, handle } = start(
    [file('object-stub.ts'), String(port), certFile, keyFile],
    ['ignore', 'pipe', 'inherit'],
  )
  await untilLine(child, /^ready$/m, () => '')
  bind(handle.pid, core)
  return {
    pid: handle.pid,
    endpoint: `https://127.0.0.1:${port}`,
    caFile: certFile,
    async [Symbol.asyncDispose]() {
      await handle[Symbol.asyncDispose]()
      folder.remove()
    },
  }
}

/** The process that generates the load. */
export interface Load extends AsyncDisposable {
  /** Throws the error of a failed job. */
  run(job: Job): Promise<Outcome>
}

/** Starts the load, bound to a core. */
export function startLoad(core: number): Load {
  const { child, handle } = start([file('load.ts')], ['ignore', 'inherit', 'inherit', 'ipc'])
  bind(handle.pid, core)
  return {
    async run(job) {
      child.send(job)
      const [reply] = (await once(child, 'message')) as [Reply]
      if ('failure' in reply) throw new Error(`the load failed: ${reply.failure}`)
      return reply.outcome
    },
    [Symbol.asyncDispose]: () => handle[Symbol.asyncDispose](),
  }
}
