import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import {
  arm,
  armToken,
  as,
  assignRole,
  createServicePrincipal,
  expectStatus,
  graph,
  registryId,
  roles,
} from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { accessToken, basic, pushImage, registryUrl } from '../harness/registry.ts'
import { beginHalf, type HalfSent, untilExamined } from '../harness/send-half.ts'
import { startServer } from '../harness/server.ts'
import { type Route, routesOf } from '../matrix/routes.ts'
import { readStored, takenBetween } from './revocation/stored.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { firstRun } = server
const { servicePrincipal } = firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const image = await pushImage(server, 'team/app', '1', owner)
const actions = 'pull,push,delete,metadata_read,metadata_write,deleted_read,deleted_restore'

/** A route of the data plane that is answered without a body, and so before it is complete: its table says which. */
const isBodiless = ({ surface, readsBody }: Route) => surface === 'registry' && !readsBody

/** Routes that authenticate no caller, or whose callers the second test revokes: they do not accept tokens. */
const isOfOthers = ({ surface }: Route) => !['management', 'graph', 'registry'].includes(surface)

const changes = (await routesOf(server)).filter(({ method }) => method !== 'GET' && method !== 'HEAD')

/** The URL of a route, for example values that exist where that is needed to read the body. */
async function urlOf({ id, path, surface }: Route, authorization: string): Promise<URL> {
  const isOfRegistry = surface === 'registry'
  const values: Readonly<Record<string, string>> = {
    tenant: firstRun.tenantId,
    subscriptionId: firstRun.subscriptionId,
    resourceGroup: firstRun.resourceGroup,
    registry: firstRun.registry,
    reference: 'late',
    tag: '1',
    digest: image.digest,
    id: id.startsWith('registry.uploads.') ? await beginUpload(authorization) : randomUUID(),
    name: isOfRegistry ? 'team/app' : randomUUID(),
  }
  const filled = path.replaceAll(/\{([A-Za-z]+)\}/g, (_match, name: string) => values[name] ?? 'nowhere')
  const url = new URL(filled, isOfRegistry ? registryUrl(server) : server.baseUrl)
  if (!isOfRegistry) url.searchParams.set('api-version', '2024-11-01')
  if (/^registry.uploads.(finish|start)$/.test(id)) url.searchParams.set('digest', image.digest)
  return url
}

async function beginUpload(authorization: string): Promise<string> {
  const url = `${registryUrl(server)}/v2/team/app/blobs/uploads/`
  const begun = await request({ method: 'POST', url, headers: { authorization }, caFile: server.caFile })
  return begun.headers['docker-upload-uuid'] as string
}

type Pending = { readonly route: Route; readonly half: HalfSent; early?: number }

/** Sends half of the body of each route, and returns when the server has admitted all of them. */
async function holdBack(routes: readonly Route[], tokenOf: (route: Route) => string): Promise<readonly Pending[]> {
  const pending: Pending[] = []
  for (const route of routes) {
    const authorization = tokenOf(route)
    const isOfRegistry = route.surface === 'registry'
    const type = route.id === 'registry.manifests.put' ? image.mediaType : 'application/octet-stream'
    const headers = { authorization, 'content-type': isOfRegistry ? type : 'application/json' }
    const body = route.id === 'registry.manifests.put' ? image.manifest : Buffer.from('{"properties": {}}  ')
    const half = await beginHalf(
      server,
      { method: route.method, url: await urlOf(route, authorization), headers },
      body,
    )
    const one: Pending = { route, half }
    void half.answer.then(
      ({ status }) => (one.early = status),
      () => undefined,
    )
    pending.push(one)
  }
  await untilExamined(server, owner)
  return pending
}

test('a thief with pending requests on every surface loses all of them when the keys are withdrawn', async () => {
  const manage = as(server)
  const token = await armToken(server, servicePrincipal)
  const directory = await armToken(server, servicePrincipal, `${server.baseUrl}/graph//.default`)
  const scopes = [`repository:team/app:${actions}`]
  const { appId, password } = servicePrincipal
  const data = await accessToken(server, { username: appId, password }, scopes)
  const tokenOf = ({ surface }: Route) =>
    `Bearer ${surface === 'registry' ? data : surface === 'graph' ? directory : token}`
  const held = changes.filter((route) => !isOfOthers(route) && !isBodiless(route))
  const pending = await holdBack(held, tokenOf)
  const early = pending.filter(({ early: status }) => status !== undefined).map(({ route }) => route.id)
  assert.deepEqual(early, [], 'each route waits for its body')

  const path = `/subscriptions/${firstRun.subscriptionId}/providers/Acrux.Server/withdrawSigningKeys`
  expectStatus(await arm(manage, 'POST', `${path}?api-version=2024-11-01`), 200)
  const before = readStored(server)
  for (const { half } of pending) half.rest()
  const answers = await Promise.all(pending.map(async ({ route, half }) => `${route.id} ${(await half.answer).status}`))
  assert.deepEqual(
    answers.filter((answer) => !answer.endsWith(' 401')),
    [],
  )
  assert.ok(answers.length > 80, `${answers.length} requests`)
  assert.deepEqual(takenBetween(before, readStored(server)), [])
  const late = { url: `${registryUrl(server)}/v2/team/app/manifests/late`, headers: { authorization: owner } }
  assert.equal((await request({ ...late, caFile: server.caFile })).status, 404)
})

test('a thief with a secret loses pending requests when the principal is deleted', async () => {
  const thief = await createServicePrincipal(server, 'thief')
  await assignRole(server, thief.objectId, roles.acrPush, registryId(server))
  const authorization = basic(thief.appId, thief.password)
  const form = { 'content-type': 'application/x-www-form-urlencoded', authorization }
  const secret = { client_id: thief.appId, client_secret: thief.password, grant_type: 'client_credentials' }
  const scope = 'https://management.core.windows.net//.default'
  const token = `/${firstRun.tenantId}/oauth2/v2.0/token`
  const body = (fields: Record<string, string>) => Buffer.from(new URLSearchParams(fields).toString())
  const password = { grant_type: 'password', service: firstRun.loginServer, username: thief.appId }
  const cases = [
    { url: `${server.baseUrl}${token}`, headers: form, sent: body({ ...secret, scope }), method: 'POST' },
    {
      url: `${registryUrl(server)}/oauth2/token`,
      headers: form,
      sent: body({ ...password, password: thief.password, scope: 'repository:team/app:pull' }),
      method: 'POST',
    },
    {
      url: `${registryUrl(server)}/v2/team/app/manifests/stolen`,
      headers: { authorization, 'content-type': image.mediaType },
      sent: image.manifest,
      method: 'PUT',
    },
  ]
  const halves = []
  for (const { sent, ...what } of cases) halves.push(await beginHalf(server, what, sent))
  await untilExamined(server, owner)
  expectStatus(await graph(server, 'DELETE', `/servicePrincipals/${thief.objectId}`), 204)
  for (const half of halves) half.rest()
  const statuses = await Promise.all(halves.map(async ({ answer }) => (await answer).status))
  assert.deepEqual(
    statuses.filter((status) => status !== 401 && status !== 400),
    [],
    statuses.join(' '),
  )
  const stolen = { url: `${registryUrl(server)}/v2/team/app/manifests/stolen`, headers: { authorization: owner } }
  assert.equal((await request({ ...stolen, caFile: server.caFile })).status, 404)
})
