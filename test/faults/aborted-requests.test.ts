import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { armToken, registryId } from '../harness/arm.ts'
import { at, stringAt } from '../harness/json.ts'
import { outputUpToNow } from '../harness/log.ts'
import { basic, pushBlob, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { openSocket, openWire } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { loginServer: service, servicePrincipal, tenantId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const forArm = `Bearer ${await armToken(server)}`
const forGraph = `Bearer ${await armToken(server, servicePrincipal, `${server.baseUrl}/graph//.default`)}`
await pushImage(server, 'team/app', '1', owner)
const large = await pushBlob(server, 'team/app', Buffer.alloc(32 * 1024 * 1024, 'x'), owner)
const begun = await wire.send({ method: 'POST', target: '/v2/team/app/blobs/uploads/', authorization: owner })
const upload = String(begun.headers.location)

/** The lines of the log since it had so many characters, that are of this path: one at least, whenever the server comes to it. */
async function linesOf(path: string, since: number): Promise<unknown[]> {
  let found: unknown[] = []
  await until(`a line of the log with the path ${path}`, async () => {
    const lines = (await outputUpToNow(server)).slice(since).split('\n')
    const documents = lines.filter((line) => line.startsWith('{')).map((line): unknown => JSON.parse(line))
    found = documents.filter((line) => at(line, 'path') === path || at(line, 'level') === 50)
    return found.length > 0
  })
  return found
}

const json = 'application/json'
const form = 'application/x-www-form-urlencoded'
const bodies: readonly (readonly [method: string, target: string, authorization: string, type: string])[] = [
  ['PATCH', upload, owner, 'application/octet-stream'],
  ['PUT', '/v2/team/app/manifests/2', owner, 'application/vnd.oci.image.manifest.v1+json'],
  ['PATCH', '/acr/v1/team%2Fapp', owner, json],
  ['POST', '/oauth2/token', owner, form],
  ['POST', '/oauth2/exchange', owner, form],
  ['POST', `/${tenantId}/oauth2/v2.0/token`, owner, form],
  ['POST', '/sign-in/password', owner, form],
  ['PATCH', `${registryId(server)}?api-version=2025-03-01-preview`, forArm, json],
  ['POST', '/graph/v1.0/applications', forGraph, json],
]

for (const [method, target, authorization, type] of bodies) {
  const [path = ''] = target.split('?')
  test(`fault 53: a client that goes away within its ${method} ${path.replace(/[0-9a-f-]{36}/g, 'ID')} has one line in the log, and it is no failure`, async () => {
    const since = server.output().length
    const socket = await openSocket(server)
    const head = [`${method} ${target} HTTP/1.1`, `Host: ${service}`, `Authorization: ${authorization}`]
    const lines = [...head, `Content-Type: ${type}`, 'Content-Length: 1000', '', '{']
    await new Promise((resolve) => socket.write(lines.join('\r\n'), resolve))
    // A server that has answered another request since then has begun with this one.
    await outputUpToNow(server)
    socket.destroy()
    const logged = await linesOf(path, since)
    assert.equal(logged.length, 1, JSON.stringify(logged))
    assert.partialDeepStrictEqual(logged[0], { level: 30, method, path, status: 499, aborted: true, from: '127.0.0.1' })
  })
}

test('fault 53: a client that goes away within its answer has one line in the log, and it is no failure', async () => {
  const since = server.output().length
  const path = `/v2/team/app/blobs/${large.digest}`
  const socket = await openSocket(server)
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${service}\r\nAuthorization: ${owner}\r\n\r\n`)
  await new Promise((resolve) => socket.once('data', resolve))
  socket.destroy()
  const lines = await linesOf(path, since)
  assert.equal(lines.length, 1, JSON.stringify(lines))
  assert.partialDeepStrictEqual(lines[0], { level: 30, method: 'GET', status: 200, aborted: true })
})

test('fault 53: a client that sends many requests at once and goes away has a line for each of them', async () => {
  const since = server.output().length
  const socket = await openSocket(server)
  const head = `Host: ${service}\r\nAuthorization: ${owner}\r\n\r\n`
  const first = `GET /v2/team/app/blobs/${large.digest} HTTP/1.1\r\n${head}`
  socket.write(first + `GET /v2/team/app/manifests/1 HTTP/1.1\r\n${head}`.repeat(50))
  await new Promise((resolve) => socket.once('data', resolve))
  socket.destroy()
  const lines = await linesOf('/v2/team/app/manifests/1', since)
  assert.ok(lines.length > 0 && lines.length <= 50)
  for (const line of lines) assert.partialDeepStrictEqual(line, { level: 30, aborted: true })
  assert.doesNotMatch(server.output(), /MaxListenersExceeded|"level":50/)
  assert.equal(stringAt(lines[0], 'method'), 'GET')
})
