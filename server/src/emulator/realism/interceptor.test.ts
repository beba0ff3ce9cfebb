import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, beforeEach, test } from 'node:test'
import { text } from 'node:stream/consumers'
import { createRealismInterceptor } from './interceptor.ts'
import type { RealismPorts } from './ports.ts'

const pending = new Set<string>()
const signIns: string[] = []
const steps: string[] = []
let isStale = false
const appId = '22222222-2222-4222-8222-222222222222'
const ports = {
  decideAgain: async () => void steps.push('decide again'),
  directory: {
    tenant: async () => ({ tenantId: 'tenant' }),
    findServicePrincipalByAppId: async (id: string) => (id === appId ? { objectId: 'sp' } : undefined),
  },
} as unknown as RealismPorts

const interceptor = createRealismInterceptor({
  clock: { now: () => Date.UTC(2027, 0, 1) },
  isPending: (kind, key) => pending.has(`${kind} ${key}`),
  mustDecideAgain: () => isStale,
  ports: () => ports,
  noteSignIn: (objectId) => void signIns.push(objectId),
})

async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  steps.push('surface')
  response.end(await text(request))
}

const server = http.createServer(interceptor((request, response) => void answer(request, response)))
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
after(() => {
  server.closeAllConnections()
  server.close()
})

beforeEach(() => {
  pending.clear()
  signIns.length = 0
  steps.length = 0
  isStale = false
})

async function send(path: string, init: RequestInit = {}) {
  const response = await fetch(origin + path, init)
  return { status: response.status, body: await response.text() }
}

const registry = '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/r'

test('a request that reads a new resource gets 404, but a request can change the resource', async () => {
  pending.add(`resource ${registry}`).add('resource /subscriptions/s/resourceGroups/g')
  const read = await send(`${registry}?api-version=1`)
  assert.deepEqual([read.status, JSON.parse(read.body).error.code], [404, 'ResourceNotFound'])
  const group = await send('/subscriptions/s/resourceGroups/g/')
  assert.deepEqual([group.status, JSON.parse(group.body).error.code], [404, 'ResourceGroupNotFound'])
  assert.equal((await send(registry, { method: 'PATCH', body: 'x' })).status, 200)
  assert.equal((await send(`${registry}/scopeMaps`)).status, 200)
})

test('a role assignment to a new principal succeeds only if the request contains the type of the principal', async () => {
  pending.add('principal bob')
  const path = `${registry}/providers/Microsoft.Authorization/roleAssignments/a`
  const put = (properties: object) =>
    send(path, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ properties }),
    })
  const denied = await put({ principalId: 'bob' })
  assert.equal(denied.status, 400)
  assert.equal(JSON.parse(denied.body).error.code, 'PrincipalNotFound')
  const allowed = await put({ principalId: 'bob', principalType: 'User' })
  assert.deepEqual(allowed, { status: 200, body: '{"properties":{"principalId":"bob","principalType":"User"}}' })
  assert.equal((await put({ principalId: 'eve' })).status, 200)
  assert.equal((await send(path, { method: 'PUT', body: 'no JSON' })).status, 200)
})

test('a request with the secret of a service principal counts as a sign-in', async () => {
  const basic = (name: string) => ({ headers: { authorization: `Basic ${btoa(`${name}:secret`)}` } })
  await send('/oauth2/token', basic(appId))
  await send('/v2/', basic(appId))
  await send('/oauth2/token', { method: 'POST', body: new URLSearchParams({ username: appId, password: 's' }) })
  assert.deepEqual(signIns, ['sp', 'sp', 'sp'])
  await send('/oauth2/token', basic('device'))
  await send('/oauth2/token', basic('33333333-3333-4333-8333-333333333333'))
  await send('/subscriptions/s', basic(appId))
  assert.equal(signIns.length, 3)
})

test('the server computes a permission decision again after a delay has passed', async () => {
  await send('/v2/')
  isStale = true
  await send('/v2/')
  assert.deepEqual(steps, ['surface', 'decide again', 'surface'])
})
