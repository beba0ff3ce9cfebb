import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import {
  createRegistry,
  enableAdmin,
  principalWithRole,
  removeRole,
  assignRole,
  roles,
  createServicePrincipal,
  registryId,
} from '../harness/arm.ts'
import type { HttpResponse } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { accessToken, basic, digestOf, pushBlob } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { openWire } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { registry, servicePrincipal, loginServer } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const alice = await principalWithRole(server, 'alice', roles.acrPush)
const bob = await principalWithRole(server, 'bob', roles.acrPush)
const admin = await enableAdmin(server)
const second = await createRegistry(server, 'second')
const scopes = ['repository:team/app:pull,push', 'repository:team/other:pull,push']
const aliceBasic = basic(alice.appId, alice.password)
const aliceBearer = `Bearer ${await accessToken(server, { username: alice.appId, password: alice.password }, scopes)}`
const strangers = {
  'another principal': basic(bob.appId, bob.password),
  'another principal by bearer': `Bearer ${await accessToken(server, { username: bob.appId, password: bob.password }, scopes)}`,
  'the admin': basic(registry, admin.password),
  'the owner': owner,
}
await pushBlob(server, 'team/app', randomBytes(10), owner)
await pushBlob(server, 'team/other', randomBytes(10), owner)

const first = Buffer.from('the first half, ')
const rest = Buffer.from('and the second.\n')
const digest = digestOf(Buffer.concat([first, rest]))

async function begin(authorization: string, repository = 'team/app'): Promise<string> {
  const begun = await wire.send({ method: 'POST', target: `/v2/${repository}/blobs/uploads/`, authorization })
  assert.equal(begun.status, 202, begun.text())
  return begun.headers.location ?? ''
}

/** An upload of alice's with half of its bytes. */
async function half(): Promise<string> {
  const location = await begin(aliceBearer)
  const patched = await wire.send({ method: 'PATCH', target: location, authorization: aliceBearer, body: first })
  assert.equal(patched.status, 202)
  return patched.headers.location ?? ''
}

/** All that can be done with an upload. */
async function everyTouch(
  location: string,
  authorization: string | undefined,
  host = loginServer,
): Promise<HttpResponse[]> {
  const sent = { authorization, host }
  return [
    await wire.send({ ...sent, target: location }),
    await wire.send({ ...sent, method: 'PATCH', target: location, body: rest }),
    await wire.send({ ...sent, method: 'PUT', target: `${location}&digest=${digest}`, body: rest }),
    await wire.send({ ...sent, method: 'PUT', target: `${location}&digest=${digestOf(first)}` }),
    await wire.send({ ...sent, method: 'DELETE', target: location }),
  ]
}

function assertUnknown(answers: readonly HttpResponse[], what: string): void {
  for (const answer of answers) {
    assert.equal(answer.status, 404, `${what}: ${answer.status} ${answer.text()}`)
    assert.equal(stringAt(answer.json(), 'errors', 0, 'code'), 'BLOB_UPLOAD_UNKNOWN', what)
  }
}

/** Asserts that the upload is unchanged, by finishing it. */
async function assertUntouched(location: string): Promise<void> {
  const status = await wire.send({ target: location, authorization: aliceBearer })
  assert.equal(status.status, 204)
  assert.equal(status.headers.range, `0-${first.length - 1}`)
  const target = `${location}&digest=${digest}`
  const ended = await wire.send({ method: 'PUT', target, authorization: aliceBearer, body: rest })
  assert.equal(ended.status, 201, ended.text())
}

for (const [who, authorization] of Object.entries(strangers)) {
  test(`fault 46: an upload is not there for ${who}`, async () => {
    const location = await half()
    assertUnknown(await everyTouch(location, authorization), who)
    await assertUntouched(location)
  })
}

test('fault 46: an upload is not there in another repository, nor at another registry', async () => {
  const location = await half()
  for (const repository of ['team/other', 'team', 'team/app/more', 'new/one']) {
    const moved = location.replace('/v2/team/app/', `/v2/${repository}/`)
    assertUnknown(await everyTouch(moved, aliceBasic), repository)
  }
  assertUnknown(await everyTouch(location, owner, second.loginServer), 'another registry')
  await assertUntouched(location)
})

test('fault 46: the same principal continues its upload with any of its credentials', async () => {
  const location = await half()
  const again = await accessToken(server, { username: alice.appId, password: alice.password }, scopes)
  for (const authorization of [aliceBasic, `Bearer ${again}`]) {
    assert.equal((await wire.send({ target: location, authorization })).status, 204)
  }
  await assertUntouched(location)
})

test('fault 46: a finished or cancelled upload is gone for every caller', async () => {
  const ended = await half()
  await assertUntouched(ended)
  assertUnknown(await everyTouch(ended, aliceBearer), 'an upload that has ended')
  const given = await half()
  const cancelled = await wire.send({ method: 'DELETE', target: given, authorization: aliceBearer })
  assert.equal(cancelled.status, 204)
  assertUnknown(await everyTouch(given, aliceBearer), 'an upload that was given up')
})

test('fault 46: a caller whose push permission was removed cannot use the open upload', async () => {
  const carol = await createServicePrincipal(server, 'carol')
  const assignment = await assignRole(server, carol.objectId, roles.acrPush, registryId(server))
  const credential = { username: carol.appId, password: carol.password }
  const bearer = `Bearer ${await accessToken(server, credential, scopes)}`
  const location = await begin(bearer)
  assert.equal((await wire.send({ method: 'PATCH', target: location, authorization: bearer, body: first })).status, 202)
  await removeRole(server, assignment)
  for (const authorization of [bearer, basic(carol.appId, carol.password), undefined]) {
    for (const answer of await everyTouch(location, authorization)) assert.equal(answer.status, 401)
  }
  await assignRole(server, carol.objectId, roles.acrPull, registryId(server))
  for (const authorization of [bearer, basic(carol.appId, carol.password)]) {
    for (const answer of await everyTouch(location, authorization)) assert.equal(answer.status, 401)
  }
})

test('fault 46: an upload ends with its repository', async () => {
  const location = await begin(owner, 'doomed')
  assert.equal((await wire.send({ method: 'PATCH', target: location, authorization: owner, body: first })).status, 202)
  const manifest = Buffer.from(
    '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}',
  )
  const push = async (): Promise<number> => {
    const headers = [['Content-Type', 'application/vnd.oci.image.index.v1+json'] as const]
    const target = '/v2/doomed/manifests/1'
    return (await wire.send({ method: 'PUT', target, authorization: owner, headers, body: manifest })).status
  }
  assert.equal(await push(), 201)
  assert.equal((await wire.send({ method: 'DELETE', target: '/acr/v1/doomed', authorization: owner })).status, 202)
  assertUnknown(await everyTouch(location, owner), 'an upload of a repository that is gone')
  assert.equal(await push(), 201)
  assertUnknown(await everyTouch(location, owner), 'an upload of the repository that was there before')
})

test('fault 46: upload ids cannot be guessed', async () => {
  const ids: string[] = []
  for (let count = 0; count < 60; count++) {
    const location = await begin(aliceBearer)
    ids.push(/\/uploads\/([^?]+)/.exec(location)?.[1] ?? '')
    await wire.send({ method: 'DELETE', target: location, authorization: aliceBearer })
  }
  assert.equal(new Set(ids).size, ids.length)
  const length = ids[0]?.length ?? 0
  assert.ok(length >= 22, `an id of ${length} characters`)
  let varying = 0
  for (let at = 0; at < length; at++) if (new Set(ids.map((id) => id[at])).size >= 10) varying++
  // Each place that takes at least ten of sixteen values in sixty draws stands for four bits, or more.
  assert.ok(varying * 4 >= 112, `only ${varying} places of an id vary`)
})

test('fault 46: of two that write to one upload at once, neither is mixed with the other', async () => {
  const location = await begin(aliceBearer)
  const pieces = [Buffer.alloc(200_000, 'a'), Buffer.alloc(200_000, 'b')]
  const answers = await Promise.all(
    pieces.map(async (body) => wire.send({ method: 'PATCH', target: location, authorization: aliceBearer, body })),
  )
  for (const answer of answers) assert.ok([202, 409, 416].includes(answer.status), `${answer.status}`)
  const taken = pieces.filter((_, index) => answers[index]?.status === 202)
  const orders = taken.length === 2 ? [taken, [...taken].reverse()] : [taken]
  const target = (bytes: Buffer): string => `${location}&digest=${digestOf(bytes)}`
  const statuses: number[] = []
  for (const order of orders) {
    const sent = { method: 'PUT', target: target(Buffer.concat(order)), authorization: aliceBearer }
    statuses.push((await wire.send(sent)).status)
  }
  assert.ok(statuses.includes(201), `the upload holds something else than what was acknowledged: ${statuses.join()}`)
})
