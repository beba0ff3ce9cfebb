import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import {
  arm,
  armToken,
  as,
  createRegistry,
  createServicePrincipal,
  enableAdmin,
  expectStatus,
  graph,
  principalWithRole,
  registryId,
  resourceGroupId,
  roles,
} from '../harness/arm.ts'
import { form, type HttpResponse } from '../harness/http.ts'
import { accessToken, basic, digestOf, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { addSecret, millisecondsOf, passed, removeSecret } from '../rights/tokens.ts'
import { assertAlike, assertAsLong } from './likeness.ts'
import { openWire } from './wire.ts'

const server = await startServer({ args: ['--log-level', 'warn'] })
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server, 1)
after(() => wire.close())

const { loginServer: service, registry, servicePrincipal, subscriptionId } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const pull = 'repository:team/app:pull'
const image = await pushImage(server, 'team/app', '1', owner)

const standing = await principalWithRole(server, 'standing', roles.acrPull)
const disabled = await principalWithRole(server, 'disabled', roles.acrPull)
expectStatus(
  await graph(server, 'PATCH', `/servicePrincipals/${disabled.objectId}`, { accountEnabled: false }),
  200,
  204,
)
const deleted = await principalWithRole(server, 'deleted', roles.acrPull)
expectStatus(await graph(server, 'DELETE', `/servicePrincipals/${deleted.objectId}`), 204)
const removed = await addSecret(server, standing, 3_600_000)
const takesMs = await millisecondsOf(() => removeSecret(server, standing, removed.keyId))
const validMs = 1500 + 10 * takesMs
const expired = await addSecret(server, standing, validMs)
const expiredAt = Date.now() + validMs
const roleless = await createServicePrincipal(server, 'roleless')
const admin = await enableAdmin(server)
expectStatus(await arm(server, 'PATCH', registryId(server), { properties: { adminUserEnabled: false } }), 200)

/** Pairs that authenticate no principal, for every reason. */
const pairs: Record<string, readonly [username: string, password: string]> = {
  'an id that nobody has': [randomUUID(), standing.password],
  'a wrong secret': [standing.appId, `${standing.password.slice(0, -1)}!`],
  'a short wrong secret': [standing.appId, 'x'],
  'a secret of another': [standing.appId, roleless.password],
  'a removed secret': [removed.appId, removed.password],
  'an expired secret': [expired.appId, expired.password],
  'a disabled principal': [disabled.appId, disabled.password],
  'a deleted principal': [deleted.appId, deleted.password],
  'the admin account, which is off': [registry, admin.password],
  'the admin account with a wrong password': [registry, 'wrong'],
  'a name that nobody has': ['nobody', 'wrong'],
  'the null GUID with no token': ['00000000-0000-0000-0000-000000000000', 'wrong'],
}

async function byForm(username: string, password: string): Promise<HttpResponse> {
  const sent = form({ grant_type: 'password', service, scope: pull, username, password })
  return wire.send({ method: 'POST', target: '/oauth2/token', headers: Object.entries(sent.headers), body: sent.body })
}

const waysIn: Record<string, (username: string, password: string) => Promise<HttpResponse>> = {
  'the version check': (...pair) => wire.send({ target: '/v2/', authorization: basic(...pair) }),
  'a manifest': (...pair) => wire.send({ target: '/v2/team/app/manifests/1', authorization: basic(...pair) }),
  'the token endpoint by GET': (...pair) =>
    wire.send({ target: `/oauth2/token?service=${service}&scope=${pull}`, authorization: basic(...pair) }),
  'the token endpoint by POST': byForm,
}

for (const [where, tryThere] of Object.entries(waysIn)) {
  test(`fault 23: at ${where}, a failed sign-in does not reveal its reason`, async () => {
    await passed(expiredAt)
    const answers = []
    for (const [who, pair] of Object.entries(pairs)) {
      const response = await tryThere(...pair)
      assert.equal(response.status, 401, `${who}: ${response.text()}`)
      answers.push([who, { response, asked: [...pair] }] as const)
    }
    assertAlike(Object.fromEntries(answers))
  })
}

test('fault 23: the time of a denial does not reveal whether a name exists', async () => {
  const fresh = (): string => randomBytes(12).toString('hex')
  const known = (): Promise<HttpResponse> => byForm(standing.appId, fresh())
  const unknown = (): Promise<HttpResponse> => byForm(randomUUID(), fresh())
  const adminWrong = (): Promise<HttpResponse> => byForm(registry, fresh())
  for (let warm = 0; warm < 30; warm++) await Promise.all([known(), unknown(), adminWrong()])
  await assertAsLong(server, 120, known, unknown)
  await assertAsLong(server, 120, adminWrong, unknown)
})

const strangers: Record<string, string | undefined> = {
  nobody: undefined,
  'a principal without a role': basic(roleless.appId, roleless.password),
  'a bearer for another repository': `Bearer ${await accessToken(
    server,
    { username: standing.appId, password: standing.password },
    ['repository:other:pull,metadata_read'],
  )}`,
}

for (const [who, authorization] of Object.entries(strangers)) {
  test(`fault 23: a missing repository and an unreadable one look the same to ${who}`, async () => {
    const unknownDigest = digestOf(randomBytes(8))
    const rests: readonly (readonly [method: string, there: string, absent: string])[] = [
      ['GET', '/v2/team/app/tags/list', '/v2/team/non/tags/list'],
      ['GET', '/v2/team/app/manifests/1', '/v2/team/non/manifests/1'],
      ['GET', '/v2/team/app/manifests/1', '/v2/team/app/manifests/2'],
      ['GET', `/v2/team/app/manifests/${image.digest}`, `/v2/team/app/manifests/${unknownDigest}`],
      ['GET', `/v2/team/app/blobs/${image.config.digest}`, `/v2/team/non/blobs/${unknownDigest}`],
      ['HEAD', `/v2/team/app/blobs/${image.config.digest}`, `/v2/team/app/blobs/${unknownDigest}`],
      ['GET', `/v2/team/app/referrers/${image.digest}`, `/v2/team/non/referrers/${unknownDigest}`],
      ['GET', '/acr/v1/team%2Fapp', '/acr/v1/team%2Fnon'],
      ['GET', '/acr/v1/team%2Fapp/_tags/1', '/acr/v1/team%2Fnon/_tags/1'],
      ['GET', '/acr/v1/team%2Fapp/_tags/1/_history', '/acr/v1/team%2Fnon/_tags/1/_history'],
      ['POST', '/acr/v1/team%2Fapp/_tags/1/_revert', '/acr/v1/team%2Fnon/_tags/1/_revert'],
      ['DELETE', '/acr/v1/team%2Fapp', '/acr/v1/team%2Fnon'],
      ['POST', '/v2/team/app/blobs/uploads/', '/v2/team/non/blobs/uploads/'],
    ]
    for (const [method, there, absent] of rests) {
      const asked = ['team/app', 'team/non', image.digest, image.config.digest, unknownDigest]
      const one = await wire.send({ method, target: there, authorization })
      const other = await wire.send({ method, target: absent, authorization })
      assert.equal(one.status, 401)
      assertAlike({ [there]: { response: one, asked }, [absent]: { response: other, asked } })
    }
  })
}

test('fault 23: the time of a denial does not reveal whether a repository exists', async () => {
  const authorization = strangers['a bearer for another repository']
  const there = (): Promise<HttpResponse> => wire.send({ target: '/v2/team/app/manifests/1', authorization })
  const absent = (): Promise<HttpResponse> => wire.send({ target: '/v2/team/non/manifests/1', authorization })
  for (let warm = 0; warm < 30; warm++) await Promise.all([there(), absent()])
  await assertAsLong(server, 120, there, absent)
})

test('fault 23: on the management surface, what one may not see and what is not there are the same', async () => {
  const token = await armToken(server, roleless)
  const group = resourceGroupId(server)
  await createRegistry(server, 'hidden')
  const registries = `${group}/providers/Microsoft.ContainerRegistry/registries`
  const absentGroup = `/subscriptions/${subscriptionId}/resourceGroups/absent1`
  const assignment = `providers/Microsoft.Authorization/roleAssignments`
  const cases: readonly (readonly [method: string, there: string, absent: string])[] = [
    ['GET', `${registries}/hidden`, `${registries}/absent`],
    ['PATCH', `${registries}/hidden`, `${registries}/absent`],
    ['DELETE', `${registries}/hidden`, `${registries}/absent`],
    ['POST', `${registries}/hidden/listCredentials`, `${registries}/absent/listCredentials`],
    ['GET', `${registries}/hidden/listUsages`, `${registries}/absent/listUsages`],
    ['GET', group, absentGroup],
    ['DELETE', group, absentGroup],
    ['GET', `${registries}/hidden/${assignment}/${randomUUID()}`, `${registries}/absent/${assignment}/${randomUUID()}`],
  ]
  for (const [method, there, absent] of cases) {
    const body = method === 'PATCH' ? {} : undefined
    const one = await arm(as(server, token), method, there, body)
    const other = await arm(as(server, token), method, absent, body)
    assert.ok(one.status === 403 || one.status === 404, `${method} ${there}: ${one.status}`)
    const asked = ['hidden', 'absent1', 'absent', server.firstRun.resourceGroup]
    assertAlike({ [there]: { response: one, asked }, [absent]: { response: other, asked } })
  }
})

test('fault 23: in the directory, what one may not see and what is not there are the same', async () => {
  const scope = `${server.baseUrl}/graph//.default`
  const token = await armToken(server, roleless, scope)
  const paths = (id: string): readonly (readonly [method: string, path: string])[] => [
    ['GET', `/servicePrincipals/${id}`],
    ['PATCH', `/servicePrincipals/${id}`],
    ['DELETE', `/servicePrincipals/${id}`],
    ['POST', `/servicePrincipals/${id}/addPassword`],
    ['GET', `/applications/${id}`],
    ['DELETE', `/applications/${id}`],
    ['POST', `/applications/${id}/removePassword`],
    ['GET', `/users/${id}`],
  ]
  const nowhere = paths(randomUUID())
  for (const hidden of [standing.objectId, standing.applicationObjectId]) {
    for (const [index, [method, path]] of paths(hidden).entries()) {
      const [, absent] = nowhere[index] ?? [method, path]
      const body = method === 'GET' || method === 'DELETE' ? undefined : { keyId: randomUUID() }
      assertAlike({
        [path]: { response: await graph(as(server, token), method, path, body) },
        [absent]: { response: await graph(as(server, token), method, absent, body) },
      })
    }
  }
  const found = async (filter: string): Promise<HttpResponse> =>
    graph(as(server, token), 'GET', `/servicePrincipals?$filter=${encodeURIComponent(filter)}`)
  assertAlike({
    'the id of another': { response: await found(`appId eq '${standing.appId}'`) },
    'the name of another': { response: await found("displayName eq 'standing'") },
    'an id that nobody has': { response: await found(`appId eq '${randomUUID()}'`) },
  })
})
