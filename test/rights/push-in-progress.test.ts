import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assignRole, createServicePrincipal, principalWithRole, registryId, removeRole, roles } from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { accessToken, basic, digestOf, get, pushImage, registryUrl } from '../harness/registry.ts'
import { sendHalf, type HalfSent } from '../harness/send-half.ts'
import { startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { assertDenied, assertUnauthorizedBody } from './denial.ts'
import { addSecret, removeSecret, tokensOf } from './tokens.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { loginServer, servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const pullPush = 'repository:team/app:pull,push'
const image = await pushImage(server, 'team/app', '1', owner)
const bytes = Buffer.alloc(2 * 1024 * 1024, 'layer ')

async function beginUpload(authorization: string): Promise<URL> {
  const url = `${registryUrl(server)}/v2/team/app/blobs/uploads/`
  const begun = await request({ method: 'POST', url, headers: { authorization }, caFile: server.caFile })
  assert.equal(begun.status, 202)
  return new URL(begun.headers.location ?? '', url)
}

/** Sends half of the body, waits until the request was judged and `meanwhile` is done, and sends the rest. */
async function sendInHalves(
  what: { method: string; url: URL | string; authorization: string; type: string },
  body: Buffer,
  meanwhile: () => Promise<void>,
): Promise<Awaited<HalfSent['answer']>> {
  const { method, url, authorization, type } = what
  const half = await sendHalf(server, { method, url, headers: { authorization, 'content-type': type } }, body)
  await meanwhile()
  half.rest()
  return half.answer
}

function withDigest(upload: URL, digest: string): URL {
  const url = new URL(upload)
  url.searchParams.set('digest', digest)
  return url
}

test('an upload whose role is removed while its bytes flow is denied, and becomes no blob', async () => {
  const principal = await createServicePrincipal(server, 'pusher')
  const assignment = await assignRole(server, principal.objectId, roles.acrPush, registryId(server))
  const authorization = `Bearer ${(await tokensOf(server, principal, [pullPush])).access}`
  const what = {
    method: 'PATCH',
    url: await beginUpload(authorization),
    authorization,
    type: 'application/octet-stream',
  }
  const patched = await sendInHalves(what, bytes, () => removeRole(server, assignment))
  assert.equal(patched.status, 401)

  const commit = { method: 'PUT', url: withDigest(what.url, digestOf(bytes)), caFile: server.caFile }
  assertUnauthorizedBody(await request({ ...commit, headers: { authorization } }))
  assert.equal((await get(server, `/v2/team/app/blobs/${digestOf(bytes)}`, owner)).status, 404)
})

test('fault 50: an upload finishes although its token expires meanwhile, and continues with a new token', async () => {
  const principal = await principalWithRole(server, 'slow', roles.acrPush)
  const begunAtMs = Date.now()
  const bearer = async (password: string) => {
    const token = await accessToken(server, { username: principal.appId, password }, [pullPush])
    return `Bearer ${token}`
  }
  await beginUpload(await bearer(principal.password))
  const takesMs = Date.now() - begunAtMs
  const secret = await addSecret(server, principal, 2_000 + 10 * takesMs)
  const ending = await bearer(secret.password)
  const blob = Buffer.concat([bytes, Buffer.from('longer than its token\n')])
  const url = await beginUpload(ending)
  const isRejected = async () => (await get(server, '/v2/team/app/manifests/1', ending)).status === 401
  assert.equal(await isRejected(), false)
  const what = { method: 'PATCH', url, authorization: ending, type: 'application/octet-stream' }
  const patched = await sendInHalves(what, blob, () => until('the token ends', isRejected))
  assert.equal(patched.status, 202)
  assert.equal(patched.headers.range, `0-${blob.length - 1}`)

  const next = withDigest(new URL(patched.headers.location ?? '', registryUrl(server)), digestOf(blob))
  const commit = (authorization: string) =>
    request({ method: 'PUT', url: next, headers: { authorization }, caFile: server.caFile })
  assertDenied(await commit(ending), { loginServer, scope: pullPush, error: 'invalid_token' })
  assert.equal((await commit(await bearer(principal.password))).status, 201)
  const read = await get(server, `/v2/team/app/blobs/${digestOf(blob)}`, owner)
  assert.ok(read.body.equals(blob))
})

test('a blob whose credential is removed while its bytes flow is not stored', async () => {
  const principal = await principalWithRole(server, 'rotating', roles.acrPush)
  const secret = await addSecret(server, principal, 60 * 60 * 1000)
  const credential = { username: secret.appId, password: secret.password }
  const authorization = `Bearer ${await accessToken(server, credential, [pullPush])}`
  const blob = Buffer.concat([bytes, Buffer.from('by a secret that is no more\n')])
  const url = withDigest(await beginUpload(authorization), digestOf(blob))
  const what = { method: 'PUT', url, authorization, type: 'application/octet-stream' }
  const stored = await sendInHalves(what, blob, () => removeSecret(server, principal, secret.keyId))
  assert.equal(stored.status, 401)
  assert.equal((await get(server, `/v2/team/app/blobs/${digestOf(blob)}`, owner)).status, 404)
  const denied = await get(server, '/v2/team/app/manifests/1', authorization)
  assertDenied(denied, { loginServer, scope: 'repository:team/app:pull', error: 'invalid_token' })
})

test('a manifest whose credential is removed while its bytes flow is not tagged', async () => {
  const principal = await principalWithRole(server, 'tagging', roles.acrPush)
  const secret = await addSecret(server, principal, 60 * 60 * 1000)
  const credential = { username: secret.appId, password: secret.password }
  const authorization = `Bearer ${await accessToken(server, credential, [pullPush])}`
  const url = `${registryUrl(server)}/v2/team/app/manifests/late`
  const what = { method: 'PUT', url, authorization, type: image.mediaType }
  const put = await sendInHalves(what, image.manifest, () => removeSecret(server, principal, secret.keyId))
  assert.equal(put.status, 401)
  assert.equal((await get(server, '/v2/team/app/manifests/late', owner)).status, 404)
})

test('an upload of one principal is closed to another that may push too', async () => {
  const one = await principalWithRole(server, 'one', roles.acrPush)
  const two = await principalWithRole(server, 'two', roles.acrPush)
  const upload = await beginUpload(basic(one.appId, one.password))
  const authorization = basic(two.appId, two.password)
  const headers = { authorization, 'content-type': 'application/octet-stream' }
  const intruded = await request({ method: 'PATCH', url: upload, headers, body: 'x', caFile: server.caFile })
  assert.equal(intruded.status, 404)
  const status = await request({ url: upload, headers: { authorization }, caFile: server.caFile })
  assert.equal(status.status, 404)
})
