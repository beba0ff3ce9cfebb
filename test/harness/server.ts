import { spawn, type ChildProcess } from 'node:child_process'
import { cpSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { recordAnswered } from './answered.ts'
import { freePort } from './free-port.ts'
import { connectTo, keepConnections } from './http.ts'
import { stringAt } from './json.ts'
import { databaseArguments } from './postgres.ts'
import { atProcessEnd } from './process-end.ts'
import { preparedFor } from './prepared.ts'
import { mainFile } from './program.ts'
import { tempDir } from './temp-dir.ts'
import { watchOver } from './watchdog.ts'

/** The content of `first-run.json` of a server with TLS. */
export type FirstRun = {
  readonly tenantId: string
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly registry: string
  readonly loginServer: string
  readonly resourceManager: string
  readonly caFile: string
  readonly owner: { readonly userPrincipalName: string; readonly password: string }
  readonly servicePrincipal: { readonly appId: string; readonly password: string }
}

/** The options of the start, which are all optional. */
export interface ServerOptions {
  /** Further arguments of `acrux serve`, after those the harness gives. */
  args?: readonly string[]
  /** Further environment variables. */
  env?: Readonly<Record<string, string>>
  /** A data directory of the caller's, which stays; without it a private one is made and removed again. */
  dataDir?: string
  /**
   * Makes the data directory by a first start. Without it, the directory may be a copy of a prepared one, whose ids, keys and
   * secrets other servers have, too.
   */
  firstStart?: true
  /** A port of the caller's; without it a free one is found. */
  port?: number
  /** Name of the first registry. */
  registry?: string
  /** Host name of the server and of its first registry, without a port; `localhost` by default. */
  publicHost?: string
  /**
   * Whether clients are to reach it at port 443 of the public host, by a proxy of the test. The harness sends its
   * requests there.
   */
  proxied?: boolean
  /** Whether the first owner keeps the generated password, as `--dev` says; true by default. */
  dev?: boolean
  /** A command that runs the server as its child, such as strace with its flags. */
  under?: readonly string[]
  /** The program and its arguments before `serve`; that of this tree by default. */
  program?: readonly string[]
  /** Serve without TLS. */
  http?: boolean
  /** Milliseconds until the line that says the server is ready; 120,000 by default. */
  readyWithinMs?: number
}

/** How a process ended: by its own exit code or by a signal. */
export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
}

/** `acrux serve` in a process of its own. Dispose of it, and neither the process nor its files are left. */
export interface RunningServer extends AsyncDisposable {
  /** `https://localhost:PORT`, without 443, or with the public host that was asked for; without a slash at the end. */
  readonly baseUrl: string
  readonly port: number
  /** The PEM file of the authority that signed the server's certificate. */
  readonly caFile: string
  readonly dataDir: string
  readonly firstRun: FirstRun
  /** The id of the process that runs now; it changes after `restart`. */
  readonly pid: number
  /** All that the process, and those it replaced, have written to stdout and stderr. */
  output(): string
  /**
   * Asks the process to end, by SIGTERM, and waits. A process that is still running after a minute is killed: `code`
   * is null then.
   */
  stop(): Promise<Ended>
  /** Sends the signal, SIGKILL by default, and waits for the end. */
  kill(signal?: NodeJS.Signals): Promise<Ended>
  /** Stops the process if it runs, and starts another on the same data, port and arguments. `more` replaces that of the last call. */
  restart(more?: Pick<ServerOptions, 'args' | 'env'>): Promise<void>
}

/** The server ended, or kept silent, instead of becoming ready. */
export class StartFailed extends Error {
  override name = 'StartFailed'
  readonly code: number | null
  readonly output: string

  constructor(reason: string, code: number | null, output: string) {
    super(`${reason}\n${output}`)
    this.code = code
    this.output = output
  }
}

interface Launch {
  program: readonly string[]
  args: string[]
  env: Record<string, string>
  cwd: string
  readyWithinMs: number
}

interface Running {
  child: ChildProcess
  pid: number
  ended: Promise<Ended>
}

/** With `ACRUX_TEST_WORKERS`, every server accepts connections in that many threads. */
function environment(home: string, extra: Readonly<Record<string, string>>): Record<string, string> {
  const kept = ['PATH', 'TMPDIR', 'TZ', 'LANG', 'NODE_OPTIONS', 'NODE_V8_COVERAGE', 'NODE_COMPILE_CACHE']
  const inherited = kept.flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
  )
  const workers = process.env['ACRUX_TEST_WORKERS']
  return {
    ...(Object.fromEntries(inherited) as Record<string, string>),
    HOME: home,
    ...(workers !== undefined && { ACRUX_WORKERS: workers }),
    ...extra,
  }
}

/** Spawns the server and waits for the line that says it accepts connections. */
async function launch(how: Launch, log: (text: string) => void): Promise<Running> {
  const [command = '', ...before] = how.program
  const child = spawn(command, [...before, 'serve', ...how.args], {
    cwd: how.cwd,
    env: how.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const forget = atProcessEnd(() => child.kill('SIGKILL'))
  const callOff = child.pid === undefined ? () => undefined : watchOver(child.pid, how.cwd)
  let output = ''
  let isReady = false
  const ready = Promise.withResolvers<string>()
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', callOff)
    child.once('close', (code, signal) => {
      forget()
      resolve({ code, signal })
    })
  })
  const take = (text: string): void => {
    log(text)
    if (isReady) return
    output += text
    isReady = /^acrux: ready at \S+/m.test(output)
    if (isReady) ready.resolve('ready')
  }
  child.stdout.setEncoding('utf8').on('data', take)
  child.stderr.setEncoding('utf8').on('data', take)
  const silence = new AbortController()
  const first = await Promise.race([
    ready.promise,
    ended,
    sleep(how.readyWithinMs, 'silent', { signal: silence.signal }).catch(() => 'silent'),
  ])
  silence.abort()
  if (typeof first === 'object') {
    throw new StartFailed(`the server ended before it was ready: ${first.code ?? first.signal}`, first.code, output)
  }
  if (first === 'silent' || child.pid === undefined) {
    child.kill('SIGKILL')
    await ended
    throw new StartFailed(`the server was not ready within ${how.readyWithinMs} ms`, null, output)
  }
  return { child, pid: child.pid, ended }
}

async function finish(running: Running, signal: NodeJS.Signals, patienceMs: number): Promise<Ended> {
  if (running.child.exitCode === null && running.child.signalCode === null) running.child.kill(signal)
  const impatience = new AbortController()
  const late = sleep(patienceMs, undefined, { signal: impatience.signal }).then(
    () => running.child.kill('SIGKILL'),
    () => false,
  )
  const ended = await running.ended
  impatience.abort()
  return (await late) ? { code: null, signal: 'SIGKILL' } : ended
}

/** Keeps the connections of requests to a server, unless they are to be distributed over workers. Returns what ends it. */
function keepConnectionsTo({ args, env }: Pick<Launch, 'args' | 'env'>, dataDir: string): () => void {
  if (args.includes('--workers') || env['ACRUX_WORKERS'] !== undefined) return () => undefined
  return keepConnections(join(dataDir, 'tls', 'ca.pem'))
}

/** Host and port as URLs have them: without the port of HTTPS. */
function hostOf({ publicHost = 'localhost', http = false, proxied = false }: ServerOptions, port: number): string {
  return proxied || (port === 443 && !http) ? publicHost : `${publicHost}:${port}`
}

function launchOf(options: ServerOptions, port: number, dataDir: string, cwd: string): Launch {
  const args = ['--data-dir', dataDir, '--listen', `127.0.0.1:${port}`]
  args.push('--public-host', hostOf(options, port))
  if (options.registry !== undefined) args.push('--registry', options.registry)
  if (options.http === true) args.push('--http')
  if (options.dev !== false) args.push('--dev')
  args.push(...(options.args ?? []))
  return {
    program: [...(options.under ?? []), ...(options.program ?? [process.execPath, mainFile])],
    args,
    env: environment(cwd, options.env ?? {}),
    cwd,
    readyWithinMs: options.readyWithinMs ?? 160_000,
  }
}

async function readFirstRun(dataDir: string): Promise<FirstRun> {
  const read: unknown = JSON.parse(await readFile(join(dataDir, 'first-run.json'), 'utf8'))
  return {
    tenantId: stringAt(read, 'tenantId'),
    subscriptionId: stringAt(read, 'subscriptionId'),
    resourceGroup: stringAt(read, 'resourceGroup'),
    registry: stringAt(read, 'registry'),
    loginServer: stringAt(read, 'loginServer'),
    resourceManager: stringAt(read, 'resourceManager'),
    caFile: stringAt(read, 'caFile'),
    owner: {
      userPrincipalName: stringAt(read, 'owner', 'userPrincipalName'),
      password: stringAt(read, 'owner', 'password'),
    },
    servicePrincipal: {
      appId: stringAt(read, 'servicePrincipal', 'appId'),
      password: stringAt(read, 'servicePrincipal', 'password'),
    },
  }
}

/**
 * Starts `acrux serve` on a free port of 127.0.0.1 and returns when it accepts connections. Throws `StartFailed` with all
 * that the process wrote where it ends first, or keeps silent too long.
 */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const home = tempDir('server')
  const dataDir = options.dataDir ?? join(home.path, 'data')
  const database = options.args?.includes('--database') === true ? [] : databaseArguments(dataDir)
  const prepared = preparedFor(options)
  if (prepared !== undefined) cpSync(prepared, dataDir, { recursive: true })
  const permit = prepared === undefined ? {} : { ACRUX_ACCEPT_PREPARED: 'true' }
  let output = ''
  const log = (text: string): void => {
    output += text
  }
  const begin = async (attempts: number): Promise<{ port: number; how: Launch; running: Running }> => {
    const port = options.port ?? (await freePort())
    const how = launchOf(options, port, dataDir, home.path)
    how.args.push(...database)
    Object.assign(how.env, permit)
    try {
      return { port, how, running: await launch(how, log) }
    } catch (cause) {
      const taken = cause instanceof StartFailed && /EADDRINUSE|in use/.test(cause.output)
      if (taken && options.port === undefined && attempts > 1) return begin(attempts - 1)
      home.remove()
      throw cause
    }
  }
  const begun = await begin(3)
  const { port, how } = begun
  let { running } = begun
  let more: Pick<ServerOptions, 'args' | 'env'> = {}
  let release = keepConnectionsTo(how, dataDir)
  const end = (signal: NodeJS.Signals): Promise<Ended> => {
    release()
    return finish(running, signal, 60_000)
  }
  const firstRun = await readFirstRun(dataDir).catch(async (cause: unknown) => {
    await end('SIGKILL')
    home.remove()
    throw cause
  })
  const disconnect = options.proxied === true ? connectTo(port, firstRun.caFile) : () => undefined
  return {
    baseUrl: `${options.http === true ? 'http' : 'https'}://${hostOf(options, port)}`,
    port,
    caFile: firstRun.caFile,
    dataDir,
    firstRun,
    get pid() {
      return running.pid
    },
    output: () => output,
    stop: () => end('SIGTERM'),
    kill: (signal = 'SIGKILL') => end(signal),
    async restart(given) {
      more = given ?? more
      await end('SIGTERM')
      const again = { ...how, args: [...how.args, ...(more.args ?? [])], env: { ...how.env, ...more.env } }
      running = await launch(again, log)
      release = keepConnectionsTo(again, dataDir)
    },
    async [Symbol.asyncDispose]() {
      await end('SIGTERM')
      recordAnswered(output)
      disconnect()
      home.remove()
    },
  }
}
