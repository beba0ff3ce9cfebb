import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Answer,
  at,
  codeOf,
  newRegistry,
  openTestManagement,
  publicOrigin,
  registryPath,
  roleGuids,
} from '../../../testing/management/test-management.ts'

const server = await openTestManagement()
const { arm } = server
test.after(() => server.close())
await arm('PUT', registryPath('target'), newRegistry())
await arm('PUT', registryPath('source'), newRegistry({ adminUserEnabled: true }))

const host = { host: 'source.azurecr.example:5443' }
const listed = await arm('POST', `${registryPath('source')}/listCredentials`)
const admin = Buffer.from(`source:${String(at(listed.body, 'passwords', 0, 'value'))}`).toString('base64')
const indexType = 'application/vnd.oci.image.index.v1+json'
const index = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [] })
const pushed = await new Promise<number | undefined>((settle, fail) => {
  const headers = {
    ...host,
    authorization: `Basic ${admin}`,
    'content-type': indexType,
    'content-length': index.length,
  }
  const request = httpRequest(`${server.base}/v2/team/app/manifests/v1`, { method: 'PUT', headers }, (response) => {
    response.resume().on('end', () => settle(response.statusCode))
  })
  request.on('error', fail).end(index)
})
assert.equal(pushed, 201)

const importing = `${registryPath('target')}/importImage`
const source = { resourceId: registryPath('source'), sourceImage: 'team/app:v1' }

/** Waits until the operation at a location is over. */
async function settled(accepted: Answer, token?: string): Promise<Answer> {
  assert.equal(accepted.status, 202, accepted.text)
  assert.equal(accepted.text, 'null')
  const location = accepted.headers.get('location') ?? ''
  assert.ok(location.startsWith(`${publicOrigin}/subscriptions/`))
  assert.match(
    location,
    /\/locations\/LOCAL\/operationResults\/registries-[0-9a-f-]{36}\?api-version=2025-03-01-preview$/,
  )
  for (;;) {
    const answer = await arm(
      'GET',
      location.slice(publicOrigin.length),
      undefined,
      token === undefined ? {} : { token },
    )
    if (answer.status !== 202) return answer
    assert.equal(answer.headers.get('retry-after'), '1')
    await sleep(5)
  }
}

test('an import is answered at once with the URL of its status, which shows its result', async () => {
  const done = await settled(
    await arm('POST', importing, { source, targetTags: ['copy:one', 'copy:two'], mode: 'NoForce' }),
  )
  assert.equal(done.status, 200)
  assert.equal(done.text, '')
  const again = await arm('POST', importing, { source, targetTags: ['copy:one'] })
  assert.equal(again.status, 409)
  assert.equal(codeOf(again), 'Conflict')
  assert.match(String(at(again.body, 'error', 'message')), /already exists in target registry/)
  assert.equal(
    (await settled(await arm('POST', importing, { source, targetTags: ['copy:one'], mode: 'Force' }))).status,
    200,
  )
  const events = (await server.events()).filter(({ action }) => action === 'image.import')
  assert.equal(events.length, 2)
  assert.ok(events.every(({ actor_id }) => actor_id === server.owner.servicePrincipal.objectId))
  assert.ok(events.every(({ credential_kind }) => credential_kind === 'identity-token'))
})

test('the status of an import is visible only to the caller who started it', async () => {
  const accepted = await arm('POST', importing, { source, targetTags: ['private:v1'] })
  const other = await server.principalWith(roleGuids.owner, registryPath('target'))
  assert.equal((await settled(accepted, other.token)).status, 404)
  assert.equal((await settled(accepted)).status, 200)
  const url = (accepted.headers.get('location') ?? '').slice(publicOrigin.length)
  const elsewhere = url.replace(/subscriptions\/[^/]+/, 'subscriptions/99999999-9999-4999-8999-999999999999')
  assert.equal((await arm('GET', elsewhere)).status, 404)
  assert.equal((await arm('GET', url.replace(/registries-[^?]+/, 'registries-x'))).status, 404)
})

test('an import from a source without the permission to pull, or from a missing source, is denied', async () => {
  const importer = await server.principalWith(roleGuids.owner, registryPath('target'))
  const ask = (body: object, token = importer.token) =>
    arm('POST', importing, { targetTags: ['denied:v1'], ...body }, { token })
  for (const denied of [
    { source },
    { source: { ...source, resourceId: registryPath('nowhere') } },
    { source: { registryUri: host.host, sourceImage: 'team/app:v1' } },
    { source: { ...source, resourceId: 'nonsense' } },
    { source: { ...source, resourceId: `${registryPath('source')}/scopeMaps/x` } },
  ]) {
    const answer = await ask(denied)
    assert.equal(answer.status, 403, answer.text)
    assert.equal(codeOf(answer), 'LinkedAuthorizationFailed')
    const { appId, objectId } = importer.servicePrincipal
    assert.ok(answer.text.includes(`The client '${appId}' with object id '${objectId}'`), answer.text)
  }
  const puller = await server.principalWith(roleGuids.acrPull, registryPath('source'))
  assert.equal((await ask({ source }, puller.token)).status, 403)
  await server.assign(puller.servicePrincipal.objectId, roleGuids.contributor, registryPath('target'))
  const allowed = await ask(
    { source: { registryUri: `https://${host.host}/`, sourceImage: 'team/app:v1' } },
    puller.token,
  )
  assert.equal((await settled(allowed, puller.token)).status, 200)
})

test('fault 39: a source within the network is not asked', async () => {
  for (const registryUri of ['127.0.0.1:1', '169.254.169.254', '10.0.0.1', 'localhost:5443', '[::1]:443']) {
    const body = { source: { registryUri, sourceImage: 'a:1', credentials: { password: 'x' } }, targetTags: ['a:1'] }
    const answer = await settled(await arm('POST', importing, body))
    assert.equal(answer.status, 400)
    assert.equal(codeOf(answer), 'InvalidParameters')
    assert.match(String(at(answer.body, 'error', 'message')), /has no address/)
  }
})

test('credentials for a registry of this server are verified, and decide instead of the caller’s permissions', async () => {
  const importer = await server.principalWith(roleGuids.owner, registryPath('target'))
  const puller = await server.principalWith(roleGuids.acrPull, registryPath('source'))
  const pusherElsewhere = await server.principalWith(roleGuids.acrPull, registryPath('target'))
  const { appId } = puller.servicePrincipal
  const map = `${registryPath('source')}/scopeMaps/import`
  const token = `${registryPath('source')}/tokens/importer`
  await arm('PUT', map, { properties: { actions: ['repositories/other/*/content/read'] } })
  await arm('PUT', token, { properties: { scopeMapId: map } })
  const generated = await arm('POST', `${registryPath('source')}/generateCredentials`, { tokenId: token })
  const scoped = { username: 'importer', password: String(at(generated.body, 'passwords', 0, 'value')) }
  const form = new URLSearchParams({ grant_type: 'access_token', service: host.host, access_token: puller.token })
  const exchanged = await server.app.inject({
    method: 'POST',
    url: '/oauth2/exchange',
    headers: { ...host, 'content-type': 'application/x-www-form-urlencoded' },
    payload: form.toString(),
  })
  const refreshToken = String(at(exchanged.json(), 'refresh_token'))
  const accessTokenFor = async (repository: string) => {
    const query = new URLSearchParams({ service: host.host, scope: `repository:${repository}:pull` })
    const authorization = `Basic ${Buffer.from(`${appId}:${puller.secret}`).toString('base64')}`
    const url = `/oauth2/token?${query.toString()}`
    const issued = await server.app.inject({ method: 'GET', url, headers: { ...host, authorization } })
    return String(at(issued.json(), 'access_token'))
  }
  const ask = (credentials: object, tag: string) =>
    arm(
      'POST',
      importing,
      { source: { registryUri: host.host, sourceImage: 'team/app:v1', credentials }, targetTags: [`proved:${tag}`] },
      { token: importer.token },
    )
  const expectRejected = async (credentials: object) => {
    const answer = await ask(credentials, 'denied')
    assert.equal(answer.status, 400, answer.text)
    assert.equal(codeOf(answer), 'InvalidParameters')
    assert.match(String(at(answer.body, 'error', 'message')), /does not allow the caller to pull team\/app\.$/)
  }
  await expectRejected({ username: appId, password: 'wrong' })
  await expectRejected({ username: 'nobody', password: puller.secret })
  await expectRejected({ username: pusherElsewhere.servicePrincipal.appId, password: pusherElsewhere.secret })
  await expectRejected(scoped)
  await expectRejected({ password: importer.token })
  await expectRejected({ password: await accessTokenFor('team/other') })
  await expectRejected({ username: appId, password: puller.token })
  await expectRejected({ password: `${puller.token.slice(0, -6)}aaaaaa` })
  await arm('PATCH', map, { properties: { actions: ['repositories/team/*/content/read'] } })
  for (const [tag, credentials] of Object.entries({
    secret: { username: appId, password: puller.secret },
    refresh: { password: refreshToken },
    access: { password: await accessTokenFor('team/app') },
    'identity-token': { password: puller.token },
    scoped,
  })) {
    assert.equal((await settled(await ask(credentials, tag), importer.token)).status, 200, tag)
  }
})

test('a registry with disabled exports is a source only for itself', async () => {
  const change = async (status: string, publicNetworkAccess: string) => {
    const properties = { publicNetworkAccess, policies: { exportPolicy: { status } } }
    assert.equal((await arm('PATCH', registryPath('source'), { properties })).status, 200)
  }
  await change('disabled', 'Disabled')
  const rejected = await arm('POST', importing, { source, targetTags: ['exported:v1'] })
  assert.equal(rejected.status, 400)
  assert.match(rejected.text, /exported/)
  const own = await arm('POST', `${registryPath('source')}/importImage`, { source, targetTags: ['team/app:v2'] })
  assert.equal((await settled(own)).status, 200)
  await change('enabled', 'Enabled')
})

test('network rules of source and target deny imports, unless trusted services may bypass them', async () => {
  const network = (name: string, properties: object) => arm('PATCH', registryPath(name), { properties })
  const open = { networkRuleSet: { defaultAction: 'Allow' }, publicNetworkAccess: 'Enabled' }
  const restrictions = [{ networkRuleSet: { defaultAction: 'Deny' } }, { publicNetworkAccess: 'Disabled' }]
  const ask = (tag: string) => arm('POST', importing, { source, targetTags: [`bypass:${tag}`] })
  for (const [number, restriction] of restrictions.entries()) {
    for (const end of ['source', 'target']) {
      await network(end, { ...open, ...restriction, networkRuleBypassOptions: 'None' })
      const rejected = await ask(`${end}${number}`)
      assert.equal(rejected.status, 400, rejected.text)
      assert.equal(codeOf(rejected), 'InvalidParameters')
      assert.match(rejected.text, new RegExp(`registry ${end} deny imports`))
      await network(end, { networkRuleBypassOptions: 'AzureServices' })
      assert.equal((await settled(await ask(`${end}${number}`))).status, 200)
      await network(end, { ...open, networkRuleBypassOptions: 'None' })
      assert.equal((await settled(await ask(`${end}${number}-open`))).status, 200)
      await network(end, { networkRuleBypassOptions: 'AzureServices' })
    }
  }
  const stranger = await server.principalWith(roleGuids.owner, registryPath('target'))
  await network('source', { ...restrictions[0], networkRuleBypassOptions: 'None' })
  const denied = await arm('POST', importing, { source, targetTags: ['bypass:x'] }, { token: stranger.token })
  assert.equal(codeOf(denied), 'LinkedAuthorizationFailed', 'nothing is told of its rules to who may not pull from it')
  await network('source', open)
})

test('a body without an image, a source or a target is rejected', async () => {
  const targetTags = ['a:1']
  const bad: object[] = [
    {},
    { source },
    { source, targetTags: [] },
    { source, targetTags: ['a@sha256:x'] },
    { source, targetTags: [`a@sha256:${'0'.repeat(64)}`] },
    { source, targetTags: ['A:1'] },
    { source, targetTags: ['a:not a tag'] },
    { source, untaggedTargetRepositories: ['a:1'] },
    { source, targetTags, mode: 'Perhaps' },
    { source, targetTags: Array.from({ length: 101 }, (_, number) => `a:${number}`) },
    { source: { sourceImage: 'a:1' }, targetTags },
    { source: { ...source, registryUri: 'docker.io' }, targetTags },
    { source: { ...source, sourceImage: '../etc/passwd' }, targetTags },
    { source: { ...source, sourceImage: 'a@v1' }, targetTags },
    { source: { registryUri: 'evil.example/path?x', sourceImage: 'a:1' }, targetTags },
    { source: { registryUri: 'user:pw@evil.example', sourceImage: 'a:1' }, targetTags },
    {
      source: { registryUri: 'x.example', sourceImage: 'a:1', credentials: { username: 'a:b', password: 'c' } },
      targetTags,
    },
    { source: { registryUri: 'x.example', sourceImage: 'a:1', credentials: { username: 'a' } }, targetTags },
  ]
  for (const body of bad) {
    const answer = await arm('POST', importing, body)
    assert.equal(answer.status, 400, JSON.stringify(body))
    assert.equal(codeOf(answer), 'InvalidRequestContent')
  }
  assert.equal((await arm('POST', `${registryPath('nosuch')}/importImage`, { source, targetTags })).status, 404)
})

test('a caller with too many waiting imports gets 429', async () => {
  const body = { source, targetTags: ['copy:many'], mode: 'Force' }
  const answers = await Promise.all(Array.from({ length: 200 }, () => arm('POST', importing, body)))
  const denied = answers.filter(({ status }) => status !== 202)
  assert.ok(denied.length > 0 && denied.length < answers.length)
  for (const answer of denied) {
    assert.equal(answer.status, 429)
    assert.equal(codeOf(answer), 'TooManyRequests')
  }
  for (const answer of answers.filter(({ status }) => status === 202)) await settled(answer)
})
