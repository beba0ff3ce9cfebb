import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { Agent, get } from 'node:https'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import {
  arm,
  assignRole,
  createRegistry,
  createServicePrincipal,
  expectStatus,
  graph,
  principalWithRole,
  registryId,
  removeRole,
  roles,
} from '../harness/arm.ts'
import { freePort } from '../harness/free-port.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { request, type HttpRequest, type HttpResponse } from '../harness/http.ts'
import { accessToken, basic, digestOf, pushBlob, pushImage, registryUrl } from '../harness/registry.ts'
import { startServer, StartFailed } from '../harness/server.ts'
import { debugThreads, type ThreadDebugger } from '../harness/thread-debugger.ts'
import { until } from '../harness/until.ts'

const inspectPort = await freePort()
const metricsPort = await freePort()
const server = await startServer({
  args: [
    '--workers',
    '2',
    '--metrics-listen',
    `127.0.0.1:${metricsPort}`,
    '--limits-max-concurrent-requests-per-caller',
    '4',
  ],
  env: { NODE_OPTIONS: `--inspect=127.0.0.1:${inspectPort}` },
})
after(() => server[Symbol.asyncDispose]())
const { servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
await pushImage(server, 'team/app', '1', owner)
const manifest = '/v2/team/app/manifests/1'

/** So many that one worker accepts all of them in one of 2^31 runs. */
const connectionCount = 32

/** Connections that are kept, and are accepted by both workers. */
function connections() {
  const agents = Array.from({ length: connectionCount }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
  const ask = (agent: Agent, path: string, options: Partial<HttpRequest> = {}): Promise<HttpResponse> =>
    request({ url: `${registryUrl(server)}${path}`, caFile: server.caFile, agent, ...options })
  return {
    ask: (path: string, options?: Partial<HttpRequest>) =>
      Promise.all(agents.map((agent) => ask(agent, path, options))),
    oneByOne: async (path: string, options?: Partial<HttpRequest>) => {
      const answers: HttpResponse[] = []
      for (const agent of agents) answers.push(await ask(agent, path, options))
      return answers
    },
    [Symbol.dispose]: () => agents.forEach((agent) => agent.destroy()),
  }
}

function statuses(answers: readonly HttpResponse[]): number[] {
  return [...new Set(answers.map(({ status }) => status))]
}

function workersOf(threads: ThreadDebugger): string[] {
  return [...threads.threads()].filter(([, url]) => url.includes('reading-thread')).map(([session]) => session)
}

async function metricsOf(name: string): Promise<Map<string, number>> {
  const text = (await request({ url: `http://127.0.0.1:${metricsPort}/metrics` })).text()
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

test('a revoked role is denied by every worker from the next request on', async () => {
  using kept = connections()
  for (let round = 0; round < 5; round += 1) {
    const principal = await createServicePrincipal(server, `reader ${round}`)
    const assignment = await assignRole(server, principal.objectId, roles.acrPull, registryId(server))
    const token = await accessToken(server, { username: principal.appId, password: principal.password }, [
      'repository:team/app:pull',
    ])
    for (const authorization of [`Bearer ${token}`, basic(principal.appId, principal.password)]) {
      assert.deepEqual(statuses(await kept.oneByOne(manifest, { headers: { authorization } })), [200])
    }
    await removeRole(server, assignment)
    for (const authorization of [`Bearer ${token}`, basic(principal.appId, principal.password)]) {
      assert.deepEqual(statuses(await kept.ask(manifest, { headers: { authorization } })), [401])
    }
  }
})

/** Connects, with a session of an earlier connection if one is given. */
async function shakeHands(session?: Buffer) {
  const ca = readFileSync(server.caFile)
  const socket = connect({ host: '127.0.0.1', port: server.port, servername: 'localhost', ca, session })
  await once(socket, 'secureConnect')
  const shown = { fingerprint: socket.getPeerX509Certificate()?.fingerprint256, isResumed: socket.isSessionReused() }
  socket.destroy()
  return shown
}

/** A session that the server has issued, by the first response of a connection. */
async function issuedSession(): Promise<Buffer> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const sessions: Buffer[] = []
  agent.on('keylog', (_line, socket: TLSSocket) => socket.once('session', (session: Buffer) => sessions.push(session)))
  await request({ url: `${registryUrl(server)}/v2/`, caFile: server.caFile, agent })
  await until('there is a session', () => sessions.length > 0)
  agent.destroy()
  return sessions[0] as Buffer
}

test('a TLS session is resumed by every worker, and every worker shows a renewed certificate', async () => {
  const session = await issuedSession()
  const resumed = await Promise.all(Array.from({ length: connectionCount }, () => shakeHands(session)))
  assert.deepEqual([...new Set(resumed.map(({ isResumed }) => isResumed))], [true])
  const before = resumed[0]?.fingerprint
  await createRegistry(server, 'fabrikam')
  await until('all connections get a new certificate', async () => {
    const shown = await Promise.all(Array.from({ length: connectionCount }, () => shakeHands()))
    return shown.every(({ fingerprint }) => fingerprint !== before)
  })
})

/** How many connections the main thread has for requests that workers forward. */
function forwardingConnections(): number {
  const sockets = readFileSync('/proc/net/unix', 'utf8').split('\n')
  return sockets.filter((line) => line.endsWith(`${server.dataDir}/workers.sock`)).length
}

test('workers issue tokens, record each, and issue none for a revoked credential from the next request on', async () => {
  using kept = connections()
  const principal = await createServicePrincipal(server, 'token client')
  await assignRole(server, principal.objectId, roles.acrPull, registryId(server))
  const { loginServer } = server.firstRun
  const path = `/oauth2/token?service=${encodeURIComponent(loginServer)}&scope=repository%3Ateam%2Fapp%3Apull`
  const headers = { authorization: basic(principal.appId, principal.password) }
  // The main thread creates the signing key.
  assert.deepEqual(statuses(await kept.ask(path, { headers: { authorization: owner } })), [200])
  const before = forwardingConnections()
  const issued = await kept.ask(path, { headers })
  assert.deepEqual(statuses(issued), [200])
  assert.equal(forwardingConnections(), before, 'no request is forwarded')
  for (const answer of issued) {
    const authorization = `Bearer ${stringAt(answer.json(), 'access_token')}`
    const url = `${registryUrl(server)}${manifest}`
    expectStatus(await request({ url, caFile: server.caFile, headers: { authorization } }), 200)
  }
  const filter = encodeURIComponent(`action eq 'token.issue' and principalId eq '${principal.objectId}'`)
  const read = await arm(server, 'GET', `${registryId(server)}/auditEvents?api-version=2024-11-01&$filter=${filter}`)
  const recorded = listAt(expectStatus(read, 200).json(), 'value').map((event) => stringAt(event, 'action'))
  assert.deepEqual(
    recorded,
    issued.map(() => 'token.issue'),
  )
  expectStatus(await graph(server, 'DELETE', `/servicePrincipals/${principal.objectId}`), 204)
  assert.deepEqual(statuses(await kept.ask(path, { headers })), [401])
})

test('a tag that was moved, and a manifest that was deleted, are seen on every connection by the next request', async () => {
  using kept = connections()
  const headers = { authorization: owner }
  for (let round = 0; round < 3; round += 1) {
    const { digest } = await pushImage(
      server,
      'team/moving',
      { tag: 'latest', annotations: { round: String(round) } },
      owner,
    )
    const answers = await kept.ask('/v2/team/moving/manifests/latest', { headers })
    assert.deepEqual([...new Set(answers.map((answer) => answer.headers['docker-content-digest']))], [digest])
    const byDigest = `/v2/team/moving/manifests/${digest}`
    assert.deepEqual(statuses(await kept.ask(byDigest, { headers })), [200])
    const url = `${registryUrl(server)}${byDigest}`
    expectStatus(await request({ method: 'DELETE', url, headers, caFile: server.caFile }), 202)
    assert.deepEqual(statuses(await kept.ask(byDigest, { headers })), [404])
  }
})

test('an upload continues on any connection', async () => {
  using kept = connections()
  const headers = { authorization: owner }
  const send = (method: string, url: URL, body?: Buffer) =>
    request({ method, url, headers, caFile: server.caFile, ...(body && { body }) })
  const started = await send('POST', new URL(`${registryUrl(server)}/v2/team/parts/blobs/uploads/`))
  let location = new URL(expectStatus(started, 202).headers.location ?? '', registryUrl(server))
  const pieces = Array.from({ length: 12 }, () => randomBytes(100_000))
  for (const piece of pieces) {
    const appended = expectStatus(await send('PATCH', location, piece), 202)
    location = new URL(appended.headers.location ?? '', registryUrl(server))
  }
  const digest = digestOf(Buffer.concat(pieces))
  location.searchParams.set('digest', digest)
  expectStatus(await send('PUT', location), 201)
  const answers = await kept.ask(`/v2/team/parts/blobs/${digest}`, { headers })
  for (const { status, body } of answers) assert.deepEqual([status, digestOf(body)], [200, digest])
})

test('the concurrent requests of a caller have one limit over all workers', async () => {
  const { digest } = await pushBlob(server, 'team/large', randomBytes(48 * 1024 * 1024), owner)
  const caller = await principalWithRole(server, 'downloads', roles.acrPull)
  const agents = Array.from({ length: 16 }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
  const begun: IncomingMessage[] = []
  const requests = agents.map((agent) =>
    get(
      `${registryUrl(server)}/v2/team/large/blobs/${digest}`,
      {
        agent,
        ca: readFileSync(server.caFile),
        headers: { authorization: basic(caller.appId, caller.password) },
        lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
      },
      (response) => begun.push(response),
    ),
  )
  const completed: number[] = []
  await until('the first downloads have begun', () => begun.length >= 4)
  await sleep(1500)
  assert.equal(begun.length, 4, 'the others wait')
  let isAnswered = false
  const headers = { authorization: basic(caller.appId, caller.password) }
  const url = `${registryUrl(server)}/v2/team/app/tags/list`
  const listing = request({ url, caFile: server.caFile, headers, timeoutMs: 60_000 }).finally(() => (isAnswered = true))
  await sleep(500)
  assert.equal(isAnswered, false, 'a request that the main thread answers waits, too')
  for (let next = 0; next < requests.length; next += 1) {
    await until('the next download has begun', () => begun.length > next)
    let sizeBytes = 0
    for await (const piece of begun[next] ?? []) sizeBytes += (piece as Buffer).length
    completed.push(sizeBytes)
  }
  assert.deepEqual(
    completed,
    requests.map(() => 48 * 1024 * 1024),
  )
  expectStatus(await listing, 200)
  for (const agent of agents) agent.destroy()
})

test('what the main thread answers has the address of the client, which a header cannot replace', async () => {
  const headers = { authorization: owner, 'acrux-connection': '{"remoteAddress":"192.0.2.1"}' }
  for (let count = 0; count < 8; count += 1) {
    const url = `${registryUrl(server)}/v2/_catalog`
    expectStatus(await request({ url, caFile: server.caFile, headers }), 200)
  }
  const lines = () => [...server.output().matchAll(/_catalog[^\n]*"from":"127\.0\.0\.1"/g)]
  await until('the log has the address of the client', () => lines().length >= 8)
  assert.ok(!server.output().includes('192.0.2.1'))
})

test('a second server at the same address is rejected, also with workers', async () => {
  for (const workers of ['1', '2']) {
    await assert.rejects(
      async () => {
        await using second = await startServer({ port: server.port, args: ['--workers', workers] })
        assert.fail(`it accepts connections at ${second.baseUrl}`)
      },
      (error) => error instanceof StartFailed && error.code === 10,
    )
  }
})

for (const { what, expression } of [
  { what: 'ends', expression: 'process.exit(1)' },
  { what: 'throws', expression: 'setTimeout(() => { throw new Error("a fault") })' },
  { what: 'is blocked', expression: 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)' },
]) {
  test(`a worker that ${what} is replaced, and nothing that was acknowledged is lost`, async () => {
    using threads = await debugThreads(inspectPort)
    await until('two workers run', () => workersOf(threads).length === 2)
    const before = await answeredPulls()
    const lost = workersOf(threads)[0] ?? ''
    const load = startLoad()
    await load.warm()
    threads.run(lost, expression)
    await until('the worker is gone', () => !threads.threads().has(lost))
    await until('there is another worker', () => workersOf(threads).length === 2)
    const { acknowledged, rejected } = await load.stop()
    assert.deepEqual(rejected, [], 'a request succeeds, or its connection is reset')
    assert.ok(acknowledged.length > 0)
    using kept = connections()
    const headers = { authorization: owner }
    for (const tag of acknowledged) {
      const url = `${registryUrl(server)}/v2/team/kept/manifests/${tag}`
      expectStatus(await request({ url, headers, caFile: server.caFile }), 200)
    }
    assert.deepEqual(statuses(await kept.ask(manifest, { headers })), [200])
    assert.ok((await answeredPulls()) >= before + connectionCount, 'the metrics of the worker that ended are kept')
  })
}

async function answeredPulls(): Promise<number> {
  const counts = await metricsOf('acrux_http_requests_total')
  return counts.get('acrux_http_requests_total{method="GET",route="/v2/*",status="200"}') ?? 0
}

/** How long a client of the load rests after a request: a blocked worker is noticed after half a minute. */
const restMs = 10

/** Pulls and pushes without an end. Requests that fail without a response are repeated on new connections. */
function startLoad() {
  const end = new AbortController()
  let pulls = 0
  const rejected: number[] = []
  const acknowledged: string[] = []
  const headers = { authorization: owner }
  const pulling = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (!end.signal.aborted) {
      const url = `${registryUrl(server)}${manifest}`
      const answer = await request({ url, caFile: server.caFile, headers, agent, timeoutMs: 60_000 }).catch(
        () => undefined,
      )
      if (answer !== undefined && answer.status !== 200) rejected.push(answer.status)
      pulls += 1
      await sleep(restMs)
    }
    agent.destroy()
  }
  const pushing = async () => {
    const url = (tag: string) => `${registryUrl(server)}/v2/team/kept/manifests/${tag}`
    const { manifest: body, mediaType } = await pushImage(server, 'team/kept', '0', owner)
    for (let tag = 1; !end.signal.aborted; tag += 1) {
      const put = {
        method: 'PUT',
        url: url(`t${tag}`),
        caFile: server.caFile,
        headers: { ...headers, 'content-type': mediaType },
      }
      const answer = await request({ ...put, body }).catch(() => undefined)
      if (answer?.status === 201) acknowledged.push(`t${tag}`)
      else if (answer !== undefined) rejected.push(answer.status)
      await sleep(restMs)
    }
  }
  const running = [pulling(), pulling(), pulling(), pushing()]
  return {
    warm: () => until('the load has begun', () => pulls > 20 && acknowledged.length > 1),
    stop: async () => {
      end.abort()
      await Promise.all(running)
      return { acknowledged, rejected }
    },
  }
}
