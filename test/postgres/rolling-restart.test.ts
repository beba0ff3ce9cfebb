import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Agent } from 'node:https'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeImage, pull } from '../clients/az/podman.ts'
import { type ClientHome, clientHome, mustRun, requireClient } from '../harness/clients.ts'
import { freePort } from '../harness/free-port.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { type OnRegistry, accessToken, basic, get, onRegistry, pushImage } from '../harness/registry.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { until } from '../harness/until.ts'
import { type Started, startAcrux } from '../serve/acrux.ts'
import { type Balancer, startBalancer } from './tcp-balancer.ts'

const clients = 24
/** The balancer checks every 200 ms. */
const drainSeconds = 4

interface Replica extends AsyncDisposable {
  restart(): Promise<void>
  /** The log of all its processes. */
  output(): string
}

/** Starts a replica in an empty data directory with the blobs of the others. */
async function startReplica(dataDir: string, port: number, args: readonly string[]): Promise<Replica> {
  const all = ['--data-dir', dataDir, '--listen', `127.0.0.1:${port}`, ...args]
  let running: Started = await startAcrux(all)
  let before = ''
  const stop = async (): Promise<void> => {
    running.signal('SIGTERM')
    const { code, stderr } = await running.ended
    assert.equal(code, 0, stderr)
    before += stderr
  }
  return {
    output: () => before + running.stderr(),
    async restart() {
      await stop()
      running = await startAcrux(all)
    },
    [Symbol.asyncDispose]: stop,
  }
}

/** What the clients did, and what failed. */
type Load = { readonly done: Record<'push' | 'pull' | 'token', number>; readonly failures: string[] }

/** Lines of the log: requests of the load that a server received, and cut off. */
function cutIn(output: string): string[] {
  const isOfLoad = (line: string): boolean => line.includes('"path":"/v2/load/client')
  return output.split('\n').filter((line) => {
    return line.includes('"aborted":true') ? isOfLoad(line) : line.includes('disconnected clients')
  })
}

/**
 * Pushes, pulls and requests tokens until it is stopped. Half of the clients keep their connections. They repeat a request, as
 * others do, if its connection was idle and the server closed it before the request arrived.
 */
async function runClient(server: RunningServer, number: number, load: Load, isStopped: () => boolean): Promise<void> {
  const { appId, password } = server.firstRun.servicePrincipal
  const agent = number % 2 === 0 && new Agent({ keepAlive: true, maxSockets: 1 })
  const to: OnRegistry = onRegistry(server, { agent })
  const attempt = async (what: keyof Load['done'], work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
      load.done[what] += 1
    } catch (error) {
      load.failures.push(`client ${number}, ${what}: ${String(error)}`)
    }
  }
  const repository = `load/client${number}`
  for (let round = 0; !isStopped(); round += 1) {
    const tag = `${round}`
    await attempt('push', () => pushImage(to, repository, tag, basic(appId, password)))
    let bearer = ''
    await attempt('token', async () => {
      const scope = `repository:${repository}:pull`
      bearer = `Bearer ${await accessToken(server, { username: appId, password }, [scope], to.where)}`
    })
    await attempt('pull', async () => {
      const { status } = await get(server, `/v2/${repository}/manifests/${tag}`, bearer, to.where)
      assert.equal(status, 200, 'what was pushed is there')
    })
    await sleep(200 + Math.random() * 800)
  }
  if (agent !== false) agent.destroy()
}

/** Pushes and pulls one image after the other with podman, without its own retries. */
async function runPodman(home: ClientHome, loginServer: string, load: Load, isStopped: () => boolean): Promise<void> {
  for (let round = 0; !isStopped(); round += 1) {
    const target = `${loginServer}/load/podman:${round}`
    try {
      await makeImage(home, 'localhost/tiny:1', `round ${round}\n`)
      await mustRun('podman', ['push', '--retry', '0', 'localhost/tiny:1', target], { env: home.env })
      load.done.push += 1
      await mustRun('podman', ['rmi', '--all', '--force'], { env: home.env })
      await mustRun('podman', ['pull', '--retry', '0', target], { env: home.env })
      load.done.pull += 1
    } catch (error) {
      load.failures.push(`podman: ${String(error)}`)
    }
  }
}

test('three servers on one PostgreSQL are restarted one after the other, and no client sees a failure', async (t) => {
  if (!requirePostgres(t) || !requireClient(t, 'podman')) return
  await using postgres = await startTestPostgres()
  await using balancer: Balancer = await startBalancer()
  using shared = tempDir('shared')
  const key = join(shared.path, 'key')
  writeFileSync(key, randomBytes(32), { mode: 0o600 })
  const database = postgres.createDatabase('acrux')
  const host = ['--public-host', `localhost:${balancer.port}`]
  const drain = ['--drain-seconds', `${drainSeconds}`, '--shutdown-seconds', '30']
  const args = [...database.args, '--master-key', `file:${key}`, ...host, ...drain]
  await using server = await startServer({ args })
  balancer.add(server.port, server.caFile)
  const dirs = ['b', 'c'].map((name) => join(shared.path, name))
  const replicas: Replica[] = []
  await using stack = new AsyncDisposableStack()
  for (const dir of dirs) {
    mkdirSync(dir, { mode: 0o700 })
    symlinkSync(join(server.dataDir, 'blobs'), join(dir, 'blobs'))
    const port = await freePort()
    replicas.push(stack.use(await startReplica(dir, port, args)))
    assert.ok(!existsSync(join(dir, 'first-run.json')), 'only the first server has the first credentials')
    balancer.add(port, server.caFile)
  }
  await until('all servers are ready', () => Promise.resolve(balancer.readyCount() === 3))

  const { loginServer, servicePrincipal } = server.firstRun
  using home = clientHome(server.caFile)
  const login = ['login', '-u', servicePrincipal.appId, '--password-stdin', loginServer]
  await mustRun('podman', login, { env: home.env, input: servicePrincipal.password })
  const load: Load = { done: { push: 0, pull: 0, token: 0 }, failures: [] }
  let isStopped = false
  const running = [
    ...Array.from({ length: clients }, (_, number) => runClient(server, number, load, () => isStopped)),
    runPodman(home, loginServer, load, () => isStopped),
  ]
  for (const replica of [server, ...replicas]) {
    await sleep(1000)
    await replica.restart()
    await until('all servers are ready', () => Promise.resolve(balancer.readyCount() === 3))
  }
  await sleep(1000)
  isStopped = true
  await Promise.all(running)
  t.diagnostic(JSON.stringify(load.done))
  const cut = [server, ...replicas].flatMap((replica) => cutIn(replica.output()))
  assert.deepEqual([...load.failures, ...balancer.failures, ...cut], [])
  for (const what of ['push', 'pull', 'token'] as const) assert.ok(load.done[what] > clients, what)
  assert.match(await pull(home, `${loginServer}/load/podman:0`), /^sha256:/)
})
