import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Ended, RunningServer } from './server.ts'
import { atProcessEnd } from './process-end.ts'
import { mainFile } from './program.ts'
import { tempDir } from './temp-dir.ts'

/** The content of the ready file, as users read it. Tests of the program do not share its type. */
export interface ReadyDocument {
  readonly url: string
  readonly control: string
  readonly controlToken: string
  readonly pid: number
  readonly resourceGroup: string
  readonly tenantId: string
  readonly subscriptionId: string
  readonly registry: string
  readonly loginServer: string
  readonly caFile: string | null
  readonly caBundleFile: string | null
  readonly trustStoreFile: string | null
  readonly owner: { readonly appId: string; readonly secret: string }
}

/** An answer of the control API. */
export interface ControlAnswer {
  readonly status: number
  readonly json: unknown
  readonly bytes: Buffer<ArrayBuffer>
}

/** `acrux emulator` in a process of its own. */
export interface RunningEmulator extends AsyncDisposable {
  readonly ready: ReadyDocument
  readonly child: ChildProcess
  /** The folder for temporary files that only this emulator uses. */
  readonly temporary: string
  readonly readyFile: string
  /** All that the process has written to stdout and stderr. */
  output(): string
  /** Sends a request to the control API, with its token unless another one is given. */
  control(method: string, path: string, body?: string | Uint8Array<ArrayBuffer>, token?: string): Promise<ControlAnswer>
  /** The server, for the functions that send requests to one. */
  server(): RunningServer
  /** Sends the signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<Ended>
}

/** How an emulator that did not start has ended. */
export class EmulatorEnded extends Error {
  readonly code: number | null
  readonly output: string

  constructor(code: number | null, output: string) {
    super(`the emulator ended with ${code}\n${output}`)
    this.code = code
    this.output = output
  }
}

/** The options of the process, which are all optional. */
export interface EmulatorProcessOptions {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** A home directory and a folder for temporary files that several emulators share. */
  readonly shared?: { readonly home: string; readonly temporary: string }
}

/** Starts `acrux emulator` and returns when it is ready. @throws EmulatorEnded */
export async function startEmulator(options: EmulatorProcessOptions = {}): Promise<RunningEmulator> {
  // Another name than the folders of emulators: any emulator of this user removes those without a process.
  const folder = tempDir('test-emulator')
  const { home, temporary } = options.shared ?? { home: folder.path, temporary: folder.path }
  const readyFile = join(folder.path, 'ready.json')
  const kept = ['PATH', 'NODE_OPTIONS', 'NODE_V8_COVERAGE', 'NODE_COMPILE_CACHE'].filter((name) => name in process.env)
  const env = { ...Object.fromEntries(kept.map((name) => [name, process.env[name]])), HOME: home, TMPDIR: temporary }
  const child = spawn(process.execPath, [mainFile, 'emulator', '--ready-file', readyFile, ...(options.args ?? [])], {
    env: { ...env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const forget = atProcessEnd(() => child.kill('SIGKILL'))
  let output = ''
  const isReady = Promise.withResolvers<'ready'>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (/^acrux: ready at \S+$/m.test(output)) isReady.resolve('ready')
    })
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => {
      forget()
      resolve({ code, signal })
    })
  })
  const first = await Promise.race([isReady.promise, ended])
  if (first !== 'ready') {
    folder.remove()
    throw new EmulatorEnded(first.code, output)
  }
  const ready = JSON.parse(readFileSync(readyFile, 'utf8')) as ReadyDocument
  const end = (signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> => {
    child.kill(signal)
    return ended
  }
  return {
    ready,
    child,
    temporary,
    readyFile,
    output: () => output,
    control: async (method, path, body, token = ready.controlToken) => {
      const headers = { Authorization: `Bearer ${token}` }
      const response = await fetch(`${ready.control}${path}`, { method, headers, body: body ?? null })
      const bytes = Buffer.from(await response.arrayBuffer())
      const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
      return { status: response.status, json: isJson ? (JSON.parse(bytes.toString()) as unknown) : undefined, bytes }
    },
    server: () => serverOf(ready, output, end),
    end,
    async [Symbol.asyncDispose]() {
      await end()
      folder.remove()
    },
  }
}

function serverOf(ready: ReadyDocument, output: string, end: RunningEmulator['end']): RunningServer {
  const { url, loginServer, tenantId, subscriptionId, resourceGroup, registry, caFile, owner, pid } = ready
  const notHere = (): never => {
    throw new Error('an emulator has none')
  }
  return {
    baseUrl: url,
    port: Number(new URL(url).port),
    caFile: caFile ?? notHere(),
    dataDir: '',
    firstRun: {
      tenantId,
      subscriptionId,
      resourceGroup,
      registry,
      loginServer,
      resourceManager: url,
      caFile: caFile ?? notHere(),
      owner: { userPrincipalName: 'owner@acrux.localhost', password: owner.secret },
      servicePrincipal: { appId: owner.appId, password: owner.secret },
    },
    pid,
    output: () => output,
    stop: () => end(),
    kill: (signal = 'SIGKILL') => end(signal),
    restart: notHere,
    [Symbol.asyncDispose]: async () => void (await end()),
  }
}
