import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { principalWithRole, roles } from '../harness/arm.ts'
import { request, type HttpResponse } from '../harness/http.ts'
import { accessToken, basic, get, pushImage, registryUrl } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { assertDenied } from './denial.ts'
import { grantedBy } from './tokens.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { loginServer, servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const image = await pushImage(server, 'team/app', 'kept', owner)
await pushImage(server, 'team/app', '1', owner)
await pushImage(server, 'team/app', '2', owner)

function untag(tag: string, authorization: string): Promise<HttpResponse> {
  const url = `${registryUrl(server)}/acr/v1/team/app/_tags/${tag}`
  return request({ method: 'DELETE', url, headers: { authorization }, caFile: server.caFile })
}

/** What az asks for before it takes a tag away. */
const asked = 'repository:team/app:delete'

test('a caller who may push removes a tag without delete permission, and can delete nothing else', async () => {
  const pusher = await principalWithRole(server, 'pusher', roles.acrPush)
  const token = await accessToken(server, { username: pusher.appId, password: pusher.password }, [asked])
  assert.deepEqual(grantedBy(token), {}, 'the token names no right to delete')
  assert.equal((await untag('1', `Bearer ${token}`)).status, 202)
  assert.equal((await untag('2', basic(pusher.appId, pusher.password))).status, 202)
  assert.equal((await get(server, '/v2/team/app/manifests/1', owner)).status, 404)
  const url = `${registryUrl(server)}/v2/team/app/manifests/${image.digest}`
  const headers = { authorization: `Bearer ${token}` }
  const deletion = await request({ method: 'DELETE', url, headers, caFile: server.caFile })
  assertDenied(deletion, { loginServer, scope: asked, error: 'insufficient_scope' })
  assert.equal((await get(server, '/v2/team/app/manifests/kept', owner)).status, 200)
})

test('callers who may only pull and callers who may only delete are distinguished', async () => {
  const reader = await principalWithRole(server, 'reader', roles.acrPull)
  const denied = await untag('kept', basic(reader.appId, reader.password))
  assertDenied(denied, { loginServer, scope: asked, error: 'insufficient_scope' })
  const deleter = await principalWithRole(server, 'deleter', roles.acrDelete)
  assert.equal((await untag('kept', basic(deleter.appId, deleter.password))).status, 202)
})
