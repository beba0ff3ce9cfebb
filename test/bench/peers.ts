import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../harness/free-port.ts'
import { request } from '../harness/http.ts'
import { basic } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { atProcessEnd } from '../harness/process-end.ts'
import { bind } from './cores.ts'
import { cpuRate, inTurns, medianQuotient, type Figure, type Settings } from './figure.ts'
import { imageRequests } from './image-requests.ts'
import type { Outcome, Target } from './jobs.ts'
import { describe, lines, type Request } from './small-answers.ts'

const repository = 'bench/app'
const pushes = 200

/** A registry that is measured. */
interface Measured {
  readonly target: Target
  readonly authorization?: string
}

/** The arguments of the known programs, which serve HTTP on a port, with their files in a folder. */
const peers: Readonly<Record<string, (folder: string, port: number) => readonly string[]>> = {
  olareg: (folder, port) => ['serve', '--addr', '127.0.0.1', '--port', String(port), '--dir', folder],
  zot: (folder, port) => {
    const file = join(folder, 'config.json')
    const storage = { rootDirectory: join(folder, 'data') }
    const http = { address: '127.0.0.1', port: String(port) }
    writeFileSync(file, JSON.stringify({ distSpecVersion: '1.1.1', storage, http, log: { level: 'error' } }))
    return ['serve', file]
  },
  distribution: (folder, port) => {
    const file = join(folder, 'config.yml')
    const storage = { filesystem: { rootdirectory: join(folder, 'data') } }
    const http = { addr: `127.0.0.1:${port}` }
    const log = { level: 'error', accesslog: { disabled: true } }
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ version: 0.1, storage, http, log }))
    return ['serve', file]
  },
}

/** The programs that are given: `NAME=PROGRAM`, or in a variable such as `ACRUX_BENCH_ZOT`. Throws for an unknown name. */
function programs(given: readonly string[]): [name: string, program: string][] {
  const named = given.map((text): [string, string] => {
    const name = text.slice(0, Math.max(0, text.indexOf('=')))
    if (peers[name] === undefined)
      throw new Error(`--peer must be NAME=PROGRAM, with one of ${Object.keys(peers).join(', ')}`)
    return [name, text.slice(name.length + 1)]
  })
  const variables = Object.keys(peers).flatMap((name): [string, string][] => {
    const program = process.env[`ACRUX_BENCH_${name.toUpperCase()}`]
    return program === undefined ? [] : [[name, program]]
  })
  return [...variables, ...named]
}

/** Compares Acrux with the registries whose programs are given, over HTTP without TLS: the processor time of the server. */
export async function measurePeers(settings: Settings, given: readonly string[]): Promise<Figure[]> {
  const found = programs(given)
  if (found.length === 0) throw new Error('no program of another registry is given: name one with --peer')
  await using server = await startServer({ http: true, args: ['--log-level', 'error', ...settings.serverArgs] })
  bind(server.pid, settings.cores.server)
  const { appId, password } = server.firstRun.servicePrincipal
  const acrux = {
    target: { port: server.port, servername: 'localhost', pid: server.pid },
    authorization: basic(appId, password),
  }
  const figures: Figure[] = []
  for (const [name, program] of found) {
    settings.say(name)
    await using peer = await startPeer(name, program, settings.cores.server)
    figures.push(...(await compare(settings, name, acrux, peer)))
  }
  return figures
}

async function startPeer(name: string, program: string, core: number): Promise<Measured & AsyncDisposable> {
  const folder = tempDir('bench-peer')
  mkdirSync(join(folder.path, 'data'))
  const port = await freePort()
  const args = peers[name]?.(folder.path, port) ?? []
  const child = spawn(program, args, {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], OTEL_TRACES_EXPORTER: 'none' },
  })
  const ended = new Promise((resolve) => child.once('close', resolve).once('error', resolve))
  const forget = atProcessEnd(() => child.kill('SIGKILL'))
  const end = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    forget()
    folder.remove()
  }
  const isUp = (): Promise<boolean> =>
    request({ url: `http://127.0.0.1:${port}/v2/` }).then(
      ({ status }) => status === 200,
      () => false,
    )
  for (const deadline = Date.now() + 20_000; !(await isUp()); await sleep(20)) {
    if (child.pid !== undefined && child.exitCode === null && Date.now() < deadline) continue
    await end()
    throw new Error(`${program} does not serve`)
  }
  const pid = child.pid ?? 0
  bind(pid, core)
  return { target: { port, servername: '127.0.0.1', pid }, [Symbol.asyncDispose]: end }
}

async function compare(settings: Settings, name: string, acrux: Measured, peer: Measured): Promise<Figure[]> {
  const { load, connections, measuredMs, rounds } = settings
  const wireOf = ({ target, authorization }: Measured, one: Request): string =>
    lines(`localhost:${target.port}`, { ...one, headers: { ...one.headers, ...(authorization && { authorization }) } })
  const push = (to: Measured) => () => {
    const sequences = Array.from({ length: pushes }, () => imageRequests(repository).map((one) => wireOf(to, one)))
    return load.run({ kind: 'once', target: to.target, sequences, connections: 8 })
  }
  const pull = async (from: Measured): Promise<() => Promise<Outcome>> => {
    const image = imageRequests(repository, '1').map((one) => wireOf(from, one))
    await load.run({ kind: 'once', target: from.target, sequences: [image], connections: 1 })
    const accept = 'application/vnd.oci.image.manifest.v1+json'
    const one = { method: 'GET', path: `/v2/${repository}/manifests/1`, headers: { accept } }
    const requests = [wireOf(from, one)]
    return () => load.run({ kind: 'requests', target: from.target, requests, connections, warmUpMs: 500, measuredMs })
  }
  const figure = (what: string, { ours, theirs }: Record<'ours' | 'theirs', Outcome[]>): Figure => ({
    name: `peers-${name}-${what}`,
    measured: medianQuotient(ours.map(cpuRate), theirs.map(cpuRate)),
    unit: 'ratio',
    bound: 'at least',
    target: undefined,
    details: `${describe('acrux', ours)}, ${describe(name, theirs)}`,
  })
  const pulls = { ours: await pull(acrux), theirs: await pull(peer) }
  const pushed = { ours: push(acrux), theirs: push(peer) }
  await inTurns(1, pulls)
  return [figure('pull', await inTurns(rounds, pulls)), figure('push', await inTurns(rounds, pushed))]
}
