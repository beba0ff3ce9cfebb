import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { azHome, signInArguments, useCloud } from '../clients/az/az.ts'
import { makeImage } from '../clients/az/podman.ts'
import { writeLayout } from '../clients/lib/oci-layout.ts'
import { denial } from '../clients/lib/steps.ts'
import { everyone, type Login, repositoryOf, startUnderTest, type UnderTest } from '../clients/lib/under-test.ts'
import { type ClientHome, clientHome, mustRun, requireClient } from '../harness/clients.ts'
import { requirePostgres, startTestPostgres, type TestDatabase } from '../harness/postgres.ts'
import { startReplica } from '../harness/replica.ts'
import { type RunningServer, type ServerOptions, startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { stores } from '../serve/object-stores.ts'
import { type Balancer, startBalancer } from './tcp-balancer.ts'

const store = stores['Azure Blob Storage']

/** Starts three servers behind the balancer. What is returned has its address. */
async function startThree(
  { database, balancer }: { readonly database: TestDatabase; readonly balancer: Balancer },
  options: ServerOptions,
  servers: RunningServer[],
): Promise<RunningServer> {
  await using stack = new AsyncDisposableStack()
  const host = `localhost:${balancer.port}`
  const args = [...(options.args ?? []), '--public-host', host]
  const first = stack.use(await startServer({ ...options, args: [...database.args, ...args] }))
  const others = [0, 1].map(() => startReplica(first, database, { ...options, args }))
  for (const other of await Promise.all(others)) servers.push(stack.use(other))
  servers.unshift(first)
  for (const { port } of servers) balancer.add(port, first.caFile)
  await allReady(balancer)
  const all = stack.move()
  return { ...first, baseUrl: `https://${host}`, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

function allReady(balancer: Balancer): Promise<void> {
  return until('all servers are ready', () => balancer.readyCount() === 3)
}

/** Kills the servers one after the other, and starts each again. Returns the number of kills. */
async function killInTurn(servers: readonly RunningServer[], balancer: Balancer, isOver: () => boolean) {
  let kills = 0
  for (; !isOver(); kills += 1) {
    const server = servers[kills % servers.length]
    await sleep(500 + Math.random() * 1500)
    await server?.kill()
    await sleep(Math.random() * 1000)
    await server?.restart()
    await allReady(balancer)
  }
  return kills
}

/** Runs a client again when a server was killed under it. A denial is never the consequence of a kill. */
async function persist<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt === 10) throw error
      assert.doesNotMatch(String(error), denial)
      await sleep(500)
    }
  }
}

/** Pushes and pulls with podman, skopeo and oras, each after a login of its own. */
async function useRegistry(under: UnderTest, who: string, login: Login): Promise<void> {
  const { server, host } = under
  using home = clientHome(server.caFile)
  const repository = repositoryOf(who)
  const name = (tag: string) => `${host}/${repository}:${tag}`
  const { env, path } = home
  const tool = (program: string, ...args: string[]) => persist(() => mustRun(program, args, { env, cwd: path }))
  const signIn = (program: string, ...flags: string[]) => {
    const args = ['login', ...flags, '-u', login.username, '--password-stdin', host]
    return persist(() => mustRun(program, args, { env, input: login.password }))
  }
  await signIn('podman')
  await makeImage(home, 'localhost/tiny:1', `podman as ${who}\n`)
  const digestFile = join(path, 'digest')
  await tool('podman', 'push', '--digestfile', digestFile, 'localhost/tiny:1', name('podman'))
  assert.equal(await persist(() => under.digestOf(repository, 'podman')), readFileSync(digestFile, 'utf8').trim())
  await tool('podman', 'rmi', '--all', '--force')
  await tool('podman', 'pull', name('podman'))

  await signIn('skopeo')
  const layout = join(path, 'layout')
  const { digest } = writeLayout(layout, { text: `skopeo as ${who}` })
  await tool('skopeo', 'copy', `oci:${layout}:1`, `docker://${name('skopeo')}`)
  await tool('skopeo', 'copy', `docker://${name('skopeo')}`, `oci:${join(path, 'back')}:1`)
  assert.equal(await persist(() => under.digestOf(repository, 'skopeo')), digest)

  const tls = '--plain-http=false'
  await signIn('oras', tls)
  writeFileSync(join(path, 'notes.txt'), who)
  await tool('oras', 'push', tls, name('oras'), 'notes.txt:text/plain')
  await tool('oras', 'pull', tls, '-o', join(path, 'out'), name('oras'))
  assert.equal(readFileSync(join(path, 'out', 'notes.txt'), 'utf8'), who)
}

async function signImage({ server, host }: UnderTest, { username, password }: Login): Promise<void> {
  using home: ClientHome = clientHome(server.caFile)
  const env = { ...home.env, COSIGN_PASSWORD: 'only for this test' }
  const cosign = (...args: string[]) => persist(() => mustRun('cosign', args, { env, cwd: home.path }))
  const login = ['login', '-u', username, '--password-stdin', host]
  await persist(() => mustRun('cosign', login, { env, input: password }))
  await cosign('generate-key-pair')
  const layout = join(home.path, 'layout')
  const { digest } = writeLayout(layout, { text: 'signed' })
  const name = `${host}/clients/signed`
  const copy = ['copy', `oci:${layout}:1`, `docker://${name}:1`]
  await persist(() =>
    mustRun('skopeo', copy, { env: { ...env, REGISTRY_AUTH_FILE: join(home.path, 'docker/config.json') } }),
  )
  await cosign('sign', '--key', 'cosign.key', '--tlog-upload=false', '--yes', `${name}@${digest}`)
  const verifying = ['--key', 'cosign.pub', '--insecure-ignore-tlog=true', '--private-infrastructure']
  await cosign('verify', ...verifying, `${name}@${digest}`)
}

async function useAz({ server, host }: UnderTest): Promise<void> {
  using az = azHome(server.caFile, { DOCKER_COMMAND: 'podman' })
  const { registry } = server.firstRun
  await persist(() => useCloud(az, server))
  await persist(() => az.text(...signInArguments(server)))
  assert.match(await persist(() => az.text('acr', 'login', '-n', registry)), /Login Succeeded/)
  await makeImage(az.home, 'localhost/tiny:1', 'az\n')
  const push = ['push', 'localhost/tiny:1', `${host}/clients/az:1`]
  await persist(() => mustRun('podman', push, { env: az.home.env }))
  const tags = () => az.json('acr', 'repository', 'show-tags', '-n', registry, '--repository', 'clients/az')
  assert.deepEqual(await persist(tags), ['1'])
}

test('real clients with every kind of sign-in use three servers behind a balancer while the servers are killed', async (t) => {
  if (!requirePostgres(t) || !requireClient(t, 'az', 'podman', 'skopeo', 'oras', 'cosign')) return
  if (store === undefined || store.missing !== false) return t.skip(String(store?.missing))
  await using stack = new AsyncDisposableStack()
  const objects = await store.start()
  stack.defer(objects.stop)
  await store.prepare(objects.endpoint)
  const postgres = stack.use(await startTestPostgres())
  const places = { database: postgres.createDatabase('acrux'), balancer: stack.use(await startBalancer()) }
  const servers: RunningServer[] = []
  const { args, env } = { args: store.args(objects.endpoint), env: store.env }
  const under = stack.use(await startUnderTest({ args: [...args], env }, (all) => startThree(places, all, servers)))
  let isOver = false
  const killing = killInTurn(servers, places.balancer, () => isOver)
  const [admin] = everyone
  try {
    await Promise.all([
      ...everyone.map((who) => useRegistry(under, who, under.logins[who])),
      signImage(under, under.logins[admin]),
      useAz(under),
    ])
  } finally {
    isOver = true
    t.diagnostic(`${await killing} kills`)
  }
  for (const who of everyone) {
    for (const tag of ['podman', 'skopeo', 'oras'])
      assert.ok(await under.digestOf(repositoryOf(who), tag), `${who}, ${tag}`)
  }
  assert.deepEqual(
    places.balancer.failures.filter((each) => each === 'no server is ready'),
    [],
  )
})
