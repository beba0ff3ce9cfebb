import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { principalWithRole, roles } from '../harness/arm.ts'
import type { HttpResponse } from '../harness/http.ts'
import { accessToken, basic, digestOf, pushBlob } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { assertAlike, assertAsLong } from './likeness.ts'
import { openWire } from './wire.ts'

const many = ['--limits-max-uploads-per-repository', '100000', '--limits-max-concurrent-uploads-per-caller', '100000']
const server = await startServer({ args: [...many, '--log-level', 'warn'] })
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server, 1)
after(() => wire.close())

const { servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const pusher = await principalWithRole(server, 'pusher', roles.acrPush)
const credential = { username: pusher.appId, password: pusher.password }
const { digest } = await pushBlob(server, 'hidden', randomBytes(1000), owner)
await pushBlob(server, 'target', randomBytes(10), owner)
await pushBlob(server, 'hollow', randomBytes(10), owner)
const nowhere = digestOf(randomBytes(10))

/** May push to the target and read nothing else: as `hidden` is not in the token, it is a forbidden source. */
const narrow = `Bearer ${await accessToken(server, credential, ['repository:target:pull,push'])}`
const wide = `Bearer ${await accessToken(server, credential, ['repository:target:pull,push', 'repository:hidden:pull'])}`

async function mount(authorization: string, from: string, what = digest): Promise<HttpResponse> {
  const target = `/v2/target/blobs/uploads/?mount=${what}&from=${from}`
  return wire.send({ method: 'POST', target, authorization })
}

async function take(authorization: string, from: string, what?: string): Promise<void> {
  assert.equal((await mount(authorization, from, what)).status, 202)
}

test('fault 19: an unreadable source, a missing one and one without the blob get the same response', async () => {
  assertAlike({
    'a forbidden source that holds the blob': { response: await mount(narrow, 'hidden') },
    'a source that is not there': { response: await mount(narrow, 'absent') },
    'a forbidden source that lacks the blob': { response: await mount(narrow, 'hollow') },
    'a blob that is nowhere, from a forbidden source': { response: await mount(narrow, 'hidden', nowhere) },
    'a blob that is nowhere, from a source that is not there': { response: await mount(narrow, 'absent', nowhere) },
    'no name of a repository': { response: await mount(narrow, 'No%20Name') },
  })
  assert.equal((await mount(narrow, 'hidden')).status, 202)
  const blob = await wire.send({ method: 'HEAD', target: `/v2/target/blobs/${digest}`, authorization: owner })
  assert.equal(blob.status, 404, 'a forbidden mount gave the blob')
})

test('fault 19: without a source too, the blob of a repository that may not be read is not given', async () => {
  const bare = async (what: string): Promise<HttpResponse> =>
    wire.send({ method: 'POST', target: `/v2/target/blobs/uploads/?mount=${what}`, authorization: narrow })
  assertAlike({
    'a blob of a forbidden repository': { response: await bare(digest) },
    'a blob that is nowhere': { response: await bare(nowhere) },
  })
})

test('fault 19: a caller who may not push learns of no source, readable or not', async () => {
  const puller = await principalWithRole(server, 'puller', roles.acrPull)
  const reading = basic(puller.appId, puller.password)
  const sources = ['hidden', 'absent', 'target']
  for (const authorization of [reading, undefined]) {
    const answers = await Promise.all(
      sources.map(async (from) => {
        const target = `/v2/target/blobs/uploads/?mount=${digest}&from=${from}`
        const response = await wire.send({ method: 'POST', target, authorization })
        assert.equal(response.status, 401)
        return [from, { response }] as const
      }),
    )
    assertAlike(Object.fromEntries(answers))
  }
})

test('fault 19: the time of a mount does not distinguish an unreadable source from a missing one', async () => {
  for (let warm = 0; warm < 30; warm++) {
    await take(narrow, 'hidden')
    await take(narrow, 'absent')
  }
  const turns = 150
  await assertAsLong(
    server,
    turns,
    () => take(narrow, 'hidden'),
    () => take(narrow, 'absent'),
  )
  await assertAsLong(
    server,
    turns,
    () => take(narrow, 'hidden'),
    () => take(narrow, 'hidden', nowhere),
  )
})

test('fault 19: a token that may read the source mounts from it, so that the denials above mean something', async () => {
  const mounted = await mount(wide, 'hidden')
  assert.equal(mounted.status, 201, mounted.text())
  assert.equal(mounted.headers.location, `/v2/target/blobs/${digest}`)
  assert.equal(mounted.headers['docker-content-digest'], digest)
})
