import { spawn } from 'node:child_process'
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { delimiter, join } from 'node:path'
import type { Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { at } from './json.ts'
import { atProcessEnd } from './process-end.ts'
import { tempDir } from './temp-dir.ts'

/** A home directory for everything that real clients store, and an environment that points them only there. */
export interface ClientHome extends Disposable {
  readonly path: string
  readonly env: Readonly<Record<string, string>>
}

/** What a client did. */
export interface Ran {
  /** Null if the client was killed, by `signal` or for taking too long. */
  code: number | null
  stdout: string
  stderr: string
}

/** How a client is run. */
export interface RunOptions {
  env: Readonly<Record<string, string>>
  input?: string | Buffer
  cwd?: string
  /** Milliseconds after which the client and its children are killed; 180,000 by default. */
  timeoutMs?: number
  /** Gets all of stderr so far, whenever the client writes more there: for clients that wait for a person. */
  onStderr?: (text: string) => void
}

/**
 * Makes a home for real clients. With `caFile` they trust that authority and no other; without it, the system's. Whatever is
 * not on the loopback interface is out of their reach: the proxy in their settings is a closed port.
 */
export function clientHome(caFile?: string): ClientHome {
  const home = tempDir('client')
  const inHome = (...parts: string[]): string => join(home.path, ...parts)
  for (const dir of ['docker', 'azure', 'run', 'tmp', 'containers/storage', 'containers/run']) {
    mkdirSync(inHome(dir), { recursive: true, mode: 0o700 })
  }
  const storage = ['[storage]', 'driver = "vfs"', `graphroot = "${inHome('containers/storage')}"`]
  writeFileSync(inHome('storage.conf'), [...storage, `runroot = "${inHome('containers/run')}"`, ''].join('\n'))
  writeFileSync(inHome('policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}\n')
  writeFileSync(inHome('containers.conf'), '[containers]\n[engine]\nevents_logger = "none"\n')
  writeFileSync(inHome('registries.conf'), 'short-name-mode = "disabled"\n')
  writeFileSync(inHome('auth.json'), '{}', { mode: 0o600 })
  // While docker has no login, it looks for a credential helper that the machine may have, such as Secret Service.
  writeFileSync(inHome('docker/config.json'), '{"auths":{"unused.example.test":{}}}', { mode: 0o600 })
  const closed = 'http://127.0.0.1:9'
  const compileCache = process.env['NODE_COMPILE_CACHE']
  const direct = 'localhost,127.0.0.1,::1,.localhost,.test'
  return {
    path: home.path,
    env: {
      PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
      LANG: 'C.UTF-8',
      HOME: home.path,
      TMPDIR: inHome('tmp'),
      XDG_RUNTIME_DIR: inHome('run'),
      XDG_CONFIG_HOME: inHome('.config'),
      CONTAINERS_STORAGE_CONF: inHome('storage.conf'),
      CONTAINERS_CONF: inHome('containers.conf'),
      CONTAINERS_REGISTRIES_CONF: inHome('registries.conf'),
      REGISTRY_AUTH_FILE: inHome('auth.json'),
      DOCKER_CONFIG: inHome('docker'),
      AZURE_CONFIG_DIR: inHome('azure'),
      AZURE_CORE_COLLECT_TELEMETRY: 'false',
      AZURE_CORE_LOGIN_EXPERIENCE_V2: 'off',
      AZURE_CORE_INSTANCE_DISCOVERY: 'false',
      PYTHONWARNINGS: 'ignore',
      ...(compileCache !== undefined && { NODE_COMPILE_CACHE: compileCache }),
      PODMAN_IGNORE_CGROUPSV1_WARNING: '1',
      HTTPS_PROXY: closed,
      HTTP_PROXY: closed,
      https_proxy: closed,
      http_proxy: closed,
      NO_PROXY: direct,
      no_proxy: direct,
      ...(caFile !== undefined && { SSL_CERT_FILE: caFile, REQUESTS_CA_BUNDLE: caFile, NODE_EXTRA_CA_CERTS: caFile }),
    },
    [Symbol.dispose]: () => home.remove(),
  }
}

/** Where docker looks for its plug-ins, `docker-buildx` among them, which are not on the PATH. */
const pluginDirs = ['/usr/libexec/docker/cli-plugins', '/usr/lib/docker/cli-plugins']

/** The path of a program that the machine has, or undefined. */
export function findProgram(name: string): string | undefined {
  for (const dir of [...(process.env['PATH'] ?? '').split(delimiter), ...pluginDirs]) {
    const path = join(dir, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      continue
    }
  }
  return undefined
}

/** The reason by which `npm test` recognises a test that was not run because a client is missing. */
export const notRunReason = 'not run, missing on this machine: '

/**
 * False if any of the programs is missing: the test is then marked as not run, with their names, and must return at once.
 * With `CI=true` a missing program throws instead.
 */
export function requireClient(t: TestContext, ...names: string[]): boolean {
  const missing = names.filter((name) => findProgram(name) === undefined)
  if (missing.length === 0) return true
  const reason = `${notRunReason}${missing.join(', ')}`
  if (process.env['CI'] === 'true') throw new Error(reason)
  t.skip(reason)
  return false
}

/** The reason by which `npm test` recognises a test whose program was not given. Such a test is never a failure. */
export const notGivenReason = 'not given: '

/**
 * False if any of the programs is missing: the test is then skipped as not given, and must return at once. For clients that no package
 * of Debian has: they are optional, with `CI=true` too.
 */
export function requireTool(t: TestContext, ...names: string[]): boolean {
  const missing = names.filter((name) => findProgram(name) === undefined)
  if (missing.length > 0) t.skip(`${notGivenReason}${missing.join(', ')}`)
  return missing.length === 0
}

/** False if this process is not root's: the test is then marked as not run, as by `requireClient`. */
export function requireRoot(t: TestContext): boolean {
  if (process.getuid?.() === 0) return true
  const reason = `${notRunReason}the rights of root`
  if (process.env['CI'] === 'true') throw new Error(reason)
  t.skip(reason)
  return false
}

/**
 * Reserves 127.0.0.1:443 for a test until its end; other tests that need it wait. False if nothing can listen there, because
 * permissions are missing or another program does: the test is then marked as not run, as by `requireClient`, with `CI=true`
 * too if permissions are missing.
 */
export async function requirePort443(t: TestContext): Promise<boolean> {
  // Another address of the loopback interface is the sign that the port is taken: it goes with the process that holds it.
  const sign = createServer()
  let failure = ''
  for (let attempt = 0; attempt < 900; attempt += 1) {
    failure = await listenAt(sign, '127.0.0.2')
    if (failure === '') {
      const port = createServer()
      failure = await listenAt(port, '127.0.0.1')
      if (failure === '') {
        await closed(port)
        t.after(() => closed(sign))
        return true
      }
      await closed(sign)
    }
    if (failure !== 'EADDRINUSE') break
    await sleep(1000)
  }
  const reason = `${notRunReason}a free port 443`
  if (process.env['CI'] === 'true' && failure === 'EADDRINUSE') throw new Error(reason)
  t.skip(reason)
  return false
}

/** Empty if the server now listens on port 443 of the address, or the code of the error if it does not. */
function listenAt(server: Server, address: string): Promise<string> {
  return new Promise((resolve) => {
    const fail = (error: Error): void => resolve(String(at(error, 'code')))
    server.once('error', fail)
    server.listen(443, address, () => {
      server.off('error', fail)
      resolve('')
    })
  })
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

function collect(stream: Readable): () => string {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString('utf8')
}

/**
 * Runs a program to its end in a process group of its own, and returns what it said, whatever its exit code. Throws only
 * where it cannot be started. Processes of the group that remain after the time limit, or when this process ends, are
 * killed.
 */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: options.env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.cwd !== undefined && { cwd: options.cwd }),
    })
    const killGroup = (): void => {
      if (child.pid === undefined) return
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch (cause) {
        if (at(cause, 'code') !== 'ESRCH') throw cause
      }
    }
    const forget = atProcessEnd(killGroup)
    const timer = setTimeout(killGroup, options.timeoutMs ?? 180_000)
    const stdout = collect(child.stdout)
    const stderr = collect(child.stderr)
    child.stderr.on('data', () => options.onStderr?.(stderr()))
    const settle = (): void => {
      clearTimeout(timer)
      forget()
    }
    child.on('error', (error) => {
      settle()
      reject(error)
    })
    child.on('close', (code) => {
      settle()
      resolve({ code, stdout: stdout(), stderr: stderr() })
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.input)
  })
}

/** Runs a program as `run` does, and throws with its output unless the exit code is 0. */
export async function mustRun(command: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  const ran = await run(command, args, options)
  if (ran.code === 0) return ran
  throw new Error(`${command} ${args.join(' ')}: exit ${ran.code ?? 'by signal'}\n${ran.stdout}${ran.stderr}`)
}
