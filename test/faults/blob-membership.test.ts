import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { createRegistry, enableAdmin, principalWithRole, roles, setAnonymousPull } from '../harness/arm.ts'
import type { HttpResponse } from '../harness/http.ts'
import { accessToken, basic, digestOf, onRegistry, pushBlob, pushImage } from '../harness/registry.ts'
import { until } from '../harness/until.ts'
import { startServer } from '../harness/server.ts'
import { openWire } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { loginServer, registry, servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const admin = await enableAdmin(server)
const puller = await principalWithRole(server, 'puller', roles.acrPull)
const pusher = await principalWithRole(server, 'pusher', roles.acrPush)
const deleter = await principalWithRole(server, 'deleter', roles.acrDelete)
const second = await createRegistry(server, 'second')
await setAnonymousPull(server, true)

const image = await pushImage(server, 'secret/app', { tag: '1', layers: [randomBytes(2000)] }, owner)
await pushImage(server, 'open/app', '1', owner)
const elsewhere = await pushBlob(
  onRegistry(server, { loginServer: second.loginServer }),
  'app',
  randomBytes(100),
  owner,
)
const held = [image.layers[0], image.config].map((one) => one?.digest ?? '')
const everything = (name: string): string => `repository:${name}:pull,push,delete,metadata_read,metadata_write`

async function bearer(username: string, password: string, scopes: readonly string[]): Promise<string> {
  return `Bearer ${await accessToken(server, { username, password }, scopes)}`
}

/** Everybody who may read, each in every way there is to say who one is. */
const here = [everything('open/app'), everything('empty/app')]
const readers: Record<string, string> = {
  'the owner by Basic': owner,
  'the owner by bearer': await bearer(servicePrincipal.appId, servicePrincipal.password, here),
  'the owner by a bearer for the other repository too': await bearer(
    servicePrincipal.appId,
    servicePrincipal.password,
    [...here, everything('secret/app')],
  ),
  'the admin by Basic': basic(registry, admin.password),
  'the admin by bearer': await bearer(registry, admin.password2, here),
  'AcrPull by Basic': basic(puller.appId, puller.password),
  'AcrPull by bearer': await bearer(puller.appId, puller.password, here),
  'AcrPush by Basic': basic(pusher.appId, pusher.password),
  'AcrPush by bearer': await bearer(pusher.appId, pusher.password, here),
  anonymous: `Bearer ${await accessToken(server, 'anonymous', here)}`,
}
const pushers = Object.entries(readers).filter(([who]) => /owner|admin|AcrPush/.test(who))
const repositories = ['open/app', 'empty/app', 'secret', 'secret/app/more', 'secret/ap']

async function on(repository: string, rest: string, authorization: string, method = 'GET'): Promise<HttpResponse> {
  return wire.send({ method, target: `/v2/${repository}/${rest}`, authorization })
}

for (const [who, authorization] of Object.entries(readers)) {
  test(`fault 17: a blob of another repository is not found for ${who}`, async () => {
    const mayReadAll = !authorization.startsWith('Bearer')
    for (const repository of mayReadAll ? repositories : repositories.slice(0, 2)) {
      for (const digest of [...held, elsewhere.digest, image.digest]) {
        for (const method of ['HEAD', 'GET']) {
          const answer = await on(repository, `blobs/${digest}`, authorization, method)
          assert.equal(answer.status, 404, `${method} ${repository} ${digest}: ${answer.status}`)
        }
        const range = [['Range', 'bytes=0-9'] as const]
        const part = await wire.send({ target: `/v2/${repository}/blobs/${digest}`, authorization, headers: range })
        assert.equal(part.status, 404)
        const match = [['If-None-Match', `"${digest}"`] as const]
        const same = await wire.send({ target: `/v2/${repository}/blobs/${digest}`, authorization, headers: match })
        assert.equal(same.status, 404)
        assert.equal((await on(repository, `manifests/${digest}`, authorization)).status, 404)
      }
      const referrers = await on(repository, `referrers/${image.digest}`, authorization)
      assert.equal(referrers.status, 200)
      assert.deepEqual((referrers.json() as { manifests: unknown }).manifests, [])
    }
  })
}

test('fault 17: a manifest of another repository is not found, on any surface', async () => {
  for (const method of ['GET', 'PATCH']) {
    const target = `/acr/v1/open%2Fapp/_manifests/${encodeURIComponent(image.digest)}`
    const body = method === 'PATCH' ? { body: '{"readEnabled":true}' } : {}
    const headers = [['Content-Type', 'application/json'] as const]
    const answer = await wire.send({ method, target, authorization: owner, headers, ...body })
    assert.equal(answer.status, 404, answer.text())
  }
  assert.equal((await on('open/app', `manifests/${image.digest}`, owner, 'DELETE')).status, 404)
  assert.equal((await on('open/app', `blobs/${held[0]}`, owner, 'DELETE')).status, 404)
  assert.equal((await on('secret/app', `blobs/${held[0]}`, owner)).status, 200)
})

for (const [who, authorization] of pushers) {
  test(`fault 17: a manifest cannot name what its repository does not hold, for ${who}`, async () => {
    const bodies = [
      image.manifest,
      Buffer.from(JSON.stringify({ schemaVersion: 2, config: image.config, layers: [] })),
      Buffer.from(
        JSON.stringify({ schemaVersion: 2, config: image.config, layers: image.layers, subject: { ...image } }),
      ),
    ]
    for (const body of bodies) {
      for (const reference of ['stolen', digestOf(body)]) {
        const headers = [['Content-Type', image.mediaType] as const]
        const target = `/v2/open/app/manifests/${reference}`
        const put = await wire.send({ method: 'PUT', target, authorization, headers, body })
        assert.ok(put.status === 400 || put.status === 404, `${put.status}: ${put.text()}`)
      }
    }
    assert.equal((await on('open/app', `blobs/${held[0]}`, authorization)).status, 404)
  })

  test(`fault 17: a mount succeeds only if the source has the blob, for ${who}`, async () => {
    const uploads = '/v2/open/app/blobs/uploads/'
    const never = [
      `?mount=${held[0]}&from=open/app`,
      `?mount=${held[0]}&from=empty/app`,
      `?mount=${held[0]}&from=secret`,
      `?mount=${held[0]}&from=secret/ap`,
      `?mount=${held[0]}&from=..%2Fsecret%2Fapp`,
      `?mount=${held[0]}&from=SECRET/APP`,
      `?mount=${held[0]}&from=${encodeURIComponent(`${loginServer}/secret/app`)}`,
      `?mount=${held[0]}&from=`,
      `?mount=${elsewhere.digest}&from=app`,
      `?mount=${elsewhere.digest}&from=secret/app`,
      `?mount=${elsewhere.digest}`,
      `?mount=${image.digest}&from=secret/app`,
      `?mount=sha512:${'0'.repeat(128)}&from=secret/app`,
    ]
    for (const query of never) {
      const answer = await wire.send({ method: 'POST', target: `${uploads}${query}`, authorization })
      assert.equal(answer.status, 202, `${query}: ${answer.text()}`)
      await wire.send({ method: 'DELETE', target: answer.headers.location ?? '', authorization })
    }
    for (const digest of [...held, elsewhere.digest]) {
      assert.equal((await on('open/app', `blobs/${digest}`, authorization)).status, 404)
    }
  })
}

test('fault 17: a repository without read permission reveals nothing of its content', async () => {
  const strangers = { 'AcrDelete by Basic': basic(deleter.appId, deleter.password), nobody: undefined }
  for (const [who, authorization] of Object.entries(strangers)) {
    for (const digest of [...held, digestOf(randomBytes(8))]) {
      for (const rest of [`blobs/${digest}`, `manifests/${digest}`, `referrers/${digest}`]) {
        for (const method of rest.startsWith('referrers') ? ['GET'] : ['HEAD', 'GET']) {
          const answer = await wire.send({ method, target: `/v2/secret/app/${rest}`, authorization })
          assert.equal(answer.status, 401, `${who} ${method} ${rest}`)
        }
      }
    }
  }
  const narrow = readers['AcrPull by bearer']
  for (const digest of held) assert.equal((await on('secret/app', `blobs/${digest}`, narrow ?? '')).status, 401)
})

test('fault 17: a blob pushed under one digest is not there under another of the same bytes', async () => {
  const bytes = randomBytes(64)
  await pushBlob(server, 'open/app', bytes, owner)
  const sha512 = `sha512:${createHash('sha512').update(bytes).digest('hex')}`
  assert.equal((await on('empty/app', `blobs/${sha512}`, owner)).status, 404)
  assert.equal((await on('empty/app', `blobs/${digestOf(bytes)}`, owner)).status, 404)
})

test('fault 18: a blob that is deleted is gone from its repository at the next request, and only from that one', async () => {
  const bytes = randomBytes(500)
  const { digest } = await pushBlob(server, 'open/app', bytes, owner)
  await pushBlob(server, 'other/app', bytes, owner)
  for (let warm = 0; warm < 5; warm++) {
    for (const method of ['HEAD', 'GET']) {
      assert.equal((await on('open/app', `blobs/${digest}`, readers['AcrPull by Basic'] ?? '', method)).status, 200)
    }
  }
  const deleted = await on('open/app', `blobs/${digest}`, owner, 'DELETE')
  assert.equal(deleted.status, 202, deleted.text())
  for (const authorization of Object.values(readers)) {
    for (const method of ['HEAD', 'GET']) {
      assert.equal((await on('open/app', `blobs/${digest}`, authorization, method)).status, 404)
    }
  }
  const mount = `/v2/empty/app/blobs/uploads/?mount=${digest}&from=open/app`
  assert.equal((await wire.send({ method: 'POST', target: mount, authorization: owner })).status, 202)
  assert.equal((await on('other/app', `blobs/${digest}`, owner)).status, 200)
})

test('fault 18: no request that begins after a deletion was acknowledged still reads what was deleted', async () => {
  const gone = await pushImage(server, 'doomed', { tag: '1', layers: [randomBytes(3000)] }, owner)
  const layer = gone.layers[0]?.digest ?? ''
  const targets = [`manifests/${gone.digest}`, 'manifests/1', `blobs/${layer}`]
  let acknowledged = false
  const late: string[] = []
  let reads = 0
  const readOn = async (): Promise<void> => {
    for (let afterwards = 0; afterwards < 6;) {
      const wasGone = acknowledged
      if (wasGone) afterwards++
      for (const rest of targets) {
        const { status } = await on('doomed', rest, readers['AcrPull by Basic'] ?? '')
        reads++
        if (wasGone && status === 200) late.push(rest)
      }
    }
  }
  const reading = Promise.all([readOn(), readOn(), readOn()])
  await until('reads are under way', () => reads > 20)
  const deleted = await wire.send({ method: 'DELETE', target: '/acr/v1/doomed', authorization: owner })
  assert.equal(deleted.status, 202)
  acknowledged = true
  await reading
  assert.deepEqual(late, [])
})
