import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent } from 'node:https'
import { after, test } from 'node:test'
import { openSocket } from '../faults/wire.ts'
import { arm, enableAdmin, expectStatus, principalWithRole, registryId, roles } from '../harness/arm.ts'
import { request, type HttpResponse } from '../harness/http.ts'
import { at } from '../harness/json.ts'
import { basic, pushImage, registryUrl } from '../harness/registry.ts'
import { startServer, type RunningServer } from '../harness/server.ts'

const server = await startServer({ args: ['--limits-throttling', 'acr', '--log-level', 'error'] })
const unlimited = await startServer({ args: ['--log-level', 'error'] })
const agent = new Agent({ keepAlive: true, maxSockets: 4 })
after(async () => {
  agent.destroy()
  await server[Symbol.asyncDispose]()
  await unlimited[Symbol.asyncDispose]()
})

/** How a series of requests ends, and after how many seconds: with the first that is not let through, or the last. */
async function untilRejected(to: RunningServer, path: string, authorization: string, most: number) {
  const { caFile } = to
  const url = `${registryUrl(to)}${path}`
  const began = performance.now()
  for (let count = 0; ; count += 4) {
    const one = () => request({ url, headers: { authorization }, caFile, agent })
    const answers: HttpResponse[] = await Promise.all([one(), one(), one(), one()])
    const denied = answers.find(({ status }) => status !== 200)
    const seconds = (performance.now() - began) / 1000
    if (denied !== undefined || count >= most) return { count, seconds, answer: denied ?? answers[0] }
  }
}

/** Sends requests on one connection, none of which waits for the answer of another, until one is denied: so many, in so long. */
async function pipelineUntilRejected(to: RunningServer, path: string) {
  // A connection on which more than a hundred requests wait is closed.
  const atOnce = 100
  const socket = await openSocket(to)
  socket.setEncoding('latin1')
  const began = performance.now()
  for (let sent = 0; ; sent += atOnce) {
    let received = ''
    const statuses = (): string[] => received.match(/HTTP\/1\.1 \d{3}/g) ?? []
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${to.firstRun.loginServer}\r\n\r\n`.repeat(atOnce))
    while (statuses().length < atOnce) received += String((await once(socket, 'data'))[0])
    const first = statuses().findIndex((status) => !status.endsWith('200'))
    if (first === -1) continue
    socket.destroy()
    return { count: sent + first, seconds: (performance.now() - began) / 1000, answers: received }
  }
}

/** How many requests a limit allows in a time: the burst, and what is refilled meanwhile. */
const allowed = (perMinute: number, seconds: number): number => perMinute * (1 + seconds / 60)

test('an identity with too many requests gets a Retry-After, and others continue', async () => {
  expectStatus(await arm(server, 'PATCH', registryId(server), { sku: { name: 'Basic' } }), 200)
  const admin = await enableAdmin(server)
  const owner = basic(admin.username, admin.password)
  const { digest } = await pushImage(server, 'team/app', '1', owner)
  const path = `/v2/team/app/referrers/${digest}`
  const { count, seconds, answer } = await untilRejected(server, path, owner, 5000)
  assert.ok(count >= 240 && count <= allowed(250, seconds) + 4, `${count} were let through in ${seconds} seconds`)
  assert.equal(answer?.status, 429)
  assert.equal(at(answer.json(), 'errors', 0, 'code'), 'TOOMANYREQUESTS')
  assert.match(String(answer.headers['retry-after']), /^(?:[1-9]|10)$/)

  const both = await request({
    url: `${registryUrl(server)}${path}`,
    headers: { authorization: basic(admin.username, admin.password2) },
    caFile: server.caFile,
  })
  assert.equal(both.status, 429, 'both passwords of the admin account are one identity')
  const reads = await request({
    url: `${registryUrl(server)}/v2/`,
    headers: { authorization: owner },
    caFile: server.caFile,
  })
  assert.equal(reads.status, 200, 'other requests are counted apart')
  const puller = await principalWithRole(server, 'puller', roles.acrPull)
  const other = await request({
    url: `${registryUrl(server)}${path}`,
    headers: { authorization: basic(puller.appId, puller.password) },
    caFile: server.caFile,
  })
  assert.equal(other.status, 200)
})

test('nothing is limited unless the operator asks for it', async () => {
  expectStatus(await arm(unlimited, 'PATCH', registryId(unlimited), { sku: { name: 'Basic' } }), 200)
  const admin = await enableAdmin(unlimited)
  const owner = basic(admin.username, admin.password)
  const { digest } = await pushImage(unlimited, 'team/app', '1', owner)
  const { answer } = await untilRejected(unlimited, `/v2/team/app/referrers/${digest}`, owner, 400)
  assert.equal(answer?.status, 200)
})

test('the token endpoints of a registry are limited too', async () => {
  const { count, seconds, answers } = await pipelineUntilRejected(server, '/oauth2/keys')
  assert.ok(count >= 9_000 && count <= allowed(10_000, seconds), `${count} were let through in ${seconds} seconds`)
  assert.match(answers, /HTTP\/1\.1 429[^{]*\r\nretry-after: (?:[1-9]|10)\r\n/i)
})
