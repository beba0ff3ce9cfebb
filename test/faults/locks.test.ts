import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { enableAdmin } from '../harness/arm.ts'
import type { HttpResponse } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { basic, digestOf, pushBlob, pushImage, type PushedImage } from '../harness/registry.ts'
import { until } from '../harness/until.ts'
import { startServer } from '../harness/server.ts'
import { openWire } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { registry, servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const admin = basic(registry, (await enableAdmin(server)).password)
const everybody = { 'the owner': owner, 'the admin': admin }

/** What can be locked, by where its attributes are. */
type Target = 'repository' | 'tag' | 'manifest'
type Lock = 'deleteEnabled' | 'writeEnabled' | 'readEnabled' | 'listEnabled'

/** A repository of its own with one image under the tag `held` and another, untagged by the test, under `free`. */
interface Stage {
  name: string
  held: PushedImage
  free: PushedImage
}

let stages = 0
async function stage(): Promise<Stage> {
  stages++
  const name = `locked/r${stages}`
  const held = await pushImage(server, name, 'held', owner)
  const free = await pushImage(server, name, 'free', owner)
  return { name, held, free }
}

function attributesOf({ name, held }: Stage, target: Target): string {
  const at: Record<Target, string> = { repository: '', tag: '/_tags/held', manifest: `/_manifests/${held.digest}` }
  return `/acr/v1/${name}${at[target]}`
}

async function setLock(where: Stage, target: Target, attributes: Partial<Record<Lock, boolean>>): Promise<void> {
  const headers = [['Content-Type', 'application/json'] as const]
  const sent = { method: 'PATCH', target: attributesOf(where, target), authorization: owner, headers }
  const answer = await wire.send({ ...sent, body: JSON.stringify(attributes) })
  assert.equal(answer.status, 200, answer.text())
}

/** Holds that the answer is Azure's to what a lock forbids: 405, REGISTRY_DISALLOWED_OPERATION, an empty detail. */
function assertLocked(answer: HttpResponse, what: string): void {
  assert.equal(answer.status, 405, `${what}: ${answer.status} ${answer.text().slice(0, 300)}`)
  if (answer.body.length === 0) return
  assert.equal(stringAt(answer.json(), 'errors', 0, 'code'), 'REGISTRY_DISALLOWED_OPERATION', what)
  assert.deepEqual(at(answer.json(), 'errors', 0, 'detail'), {}, what)
}

type Try = (where: Stage, authorization: string) => Promise<HttpResponse>

const send =
  (method: string, targetOf: (where: Stage) => string): Try =>
  (where, authorization) =>
    wire.send({ method, target: targetOf(where), authorization })

async function put(where: Stage, reference: string, body: Buffer, authorization: string): Promise<HttpResponse> {
  const headers = [['Content-Type', where.held.mediaType] as const]
  const target = `/v2/${where.name}/manifests/${reference}`
  return wire.send({ method: 'PUT', target, authorization, headers, body })
}

const renewed = ({ held }: Stage): Buffer =>
  Buffer.from(
    JSON.stringify({ ...JSON.parse(held.manifest.toString('utf8')), annotations: { a: String(Math.random()) } }),
  )

// prettier-ignore
const ways: Record<string, Try> = {
  'deleting the tag':                  send('DELETE', ({ name }) => `/acr/v1/${name}/_tags/held`),
  'deleting the tag as a manifest':    send('DELETE', ({ name }) => `/v2/${name}/manifests/held`),
  'deleting the manifest':             send('DELETE', ({ name, held }) => `/v2/${name}/manifests/${held.digest}`),
  'deleting the repository':           send('DELETE', ({ name }) => `/acr/v1/${name}`),
  'moving the tag':                    (where, who) => put(where, 'held', where.free.manifest, who),
  'moving the tag to a new manifest':  (where, who) => put(where, 'held', renewed(where), who),
  'moving the tag by a push by digest': (where, who) => put(where, `${where.free.digest}?tag=held`, where.free.manifest, who),
  'moving it among other tags':        (where, who) => put(where, `${where.free.digest}?tag=new&tag=held`, where.free.manifest, who),
  'reverting the tag':                 ({ name, free }, authorization) => wire.send({ method: 'POST', target: `/acr/v1/${name}/_tags/held/_revert`, authorization, headers: [['Content-Type', 'application/json']], body: JSON.stringify({ digest: free.digest }) }),
  'pushing the manifest again':        (where, who) => put(where, where.held.digest, where.held.manifest, who),
  'pushing it under a new tag':        (where, who) => put(where, 'new', where.held.manifest, who),
  'pushing a new manifest':            (where, who) => put(where, 'new', renewed(where), who),
  'deleting the other tag':            send('DELETE', ({ name }) => `/acr/v1/${name}/_tags/free`),
  'deleting the other manifest':       send('DELETE', ({ name, free }) => `/v2/${name}/manifests/${free.digest}`),
  'reading the tag':                   send('GET', ({ name }) => `/v2/${name}/manifests/held`),
  'heading the tag':                   send('HEAD', ({ name }) => `/v2/${name}/manifests/held`),
  'reading the manifest':              send('GET', ({ name, held }) => `/v2/${name}/manifests/${held.digest}`),
  'reading the other tag':             send('GET', ({ name }) => `/v2/${name}/manifests/free`),
}

const deletions = [
  'deleting the tag',
  'deleting the tag as a manifest',
  'deleting the manifest',
  'deleting the repository',
]
const moves = [
  'moving the tag',
  'moving the tag to a new manifest',
  'moving the tag by a push by digest',
  'moving it among other tags',
  'reverting the tag',
]
const others = ['deleting the other tag', 'deleting the other manifest']

/** What each lock forbids. [Microsoft, Lock a container image in an Azure container registry] */
const forbidden: Record<Target, Record<Exclude<Lock, 'listEnabled'>, readonly string[]>> = {
  tag: {
    deleteEnabled: deletions,
    writeEnabled: [...deletions, ...moves],
    readEnabled: ['reading the tag', 'heading the tag'],
  },
  manifest: {
    deleteEnabled: ['deleting the manifest', 'deleting the repository'],
    writeEnabled: ['deleting the manifest', 'deleting the repository', 'pushing the manifest again'],
    readEnabled: ['reading the tag', 'heading the tag', 'reading the manifest'],
  },
  repository: {
    deleteEnabled: [...deletions, ...others],
    writeEnabled: [
      ...deletions,
      ...others,
      ...moves,
      'pushing the manifest again',
      'pushing it under a new tag',
      'pushing a new manifest',
    ],
    readEnabled: ['reading the tag', 'heading the tag', 'reading the manifest', 'reading the other tag'],
  },
}

/** Holds that both tags lead where they led. */
async function assertUntouched({ name, held, free }: Stage): Promise<void> {
  for (const [tag, image] of [
    ['held', held],
    ['free', free],
  ] as const) {
    const answer = await wire.send({ target: `/acr/v1/${name}/_tags/${tag}`, authorization: owner })
    assert.equal(stringAt(answer.json(), 'tag', 'digest'), image.digest)
  }
}

for (const [target, locks] of Object.entries(forbidden) as [Target, (typeof forbidden)[Target]][]) {
  for (const [lock, names] of Object.entries(locks) as [Lock, readonly string[]][]) {
    test(`fault 33: a ${target} with ${lock}=false is safe from every way around it`, async () => {
      const where = await stage()
      await setLock(where, target, { [lock]: false })
      for (const [who, authorization] of Object.entries(everybody)) {
        for (const name of names)
          assertLocked((await ways[name]?.(where, authorization)) as HttpResponse, `${name} by ${who}`)
      }
      await setLock(where, target, { [lock]: true })
      await assertUntouched(where)
      const first = await ways[names.find((name) => name.startsWith('reading')) ?? 'deleting the tag']?.(where, owner)
      assert.ok([200, 202].includes(first?.status ?? 0), `after the lock is off: ${first?.status}`)
    })
  }
}

test('fault 33: what may not be written may not be deleted either, even where deleteEnabled is true', async () => {
  for (const target of ['tag', 'manifest', 'repository'] as const) {
    const where = await stage()
    await setLock(where, target, { writeEnabled: false, deleteEnabled: true })
    for (const name of forbidden[target].deleteEnabled) {
      assertLocked((await ways[name]?.(where, owner)) as HttpResponse, `${name} of a ${target}`)
    }
    await assertUntouched(where)
  }
})

test('fault 33: a lock of one tag applies if the manifest has other tags, and locks no other tag', async () => {
  const where = await stage()
  assert.equal((await put(where, 'also', where.held.manifest, owner)).status, 201)
  await setLock(where, 'tag', { deleteEnabled: false })
  assertLocked((await ways['deleting the manifest']?.(where, owner)) as HttpResponse, 'deleting the manifest')
  const also = await wire.send({ method: 'DELETE', target: `/acr/v1/${where.name}/_tags/also`, authorization: owner })
  assert.equal(also.status, 202)
  assert.equal((await ways['deleting the other manifest']?.(where, owner))?.status, 202)
})

test('fault 33: a locked manifest keeps its blobs', async () => {
  const where = await stage()
  await setLock(where, 'manifest', { deleteEnabled: false, writeEnabled: false })
  for (const digest of [...where.held.layers.map((layer) => layer.digest), where.held.config.digest]) {
    const target = `/v2/${where.name}/blobs/${digest}`
    const deleted = await wire.send({ method: 'DELETE', target, authorization: owner })
    assert.equal(deleted.status, 405, deleted.text())
    assert.equal((await wire.send({ method: 'HEAD', target, authorization: owner })).status, 200)
  }
})

test('fault 33: a repository that may not be written takes no blob, be it by an upload, at once or by a mount', async () => {
  const where = await stage()
  const source = await pushBlob(server, 'source', randomBytes(50), owner)
  const uploads = `/v2/${where.name}/blobs/uploads/`
  const begun = await wire.send({ method: 'POST', target: uploads, authorization: owner })
  await setLock(where, 'repository', { writeEnabled: false })
  const bytes = randomBytes(20)
  const digest = digestOf(bytes)
  for (const query of ['', `?mount=${source.digest}&from=source`, `?mount=${source.digest}`]) {
    assertLocked(await wire.send({ method: 'POST', target: `${uploads}${query}`, authorization: owner }), query)
  }
  const target = `${uploads}?digest=${digest}`
  assertLocked(await wire.send({ method: 'POST', target, authorization: owner, body: bytes }), 'at once')
  const location = new URL(begun.headers.location ?? '', 'https://localhost')
  location.searchParams.set('digest', digest)
  const end = `${location.pathname}${location.search}`
  assertLocked(await wire.send({ method: 'PUT', target: end, authorization: owner, body: bytes }), 'finishing')
  for (const one of [digest, source.digest]) {
    const blob = `/v2/${where.name}/blobs/${one}`
    assert.equal((await wire.send({ method: 'HEAD', target: blob, authorization: owner })).status, 404)
  }
})

test('fault 33: what is not to be listed is in no list, and can still be read by who knows its name', async () => {
  const where = await stage()
  const listsOf = async (): Promise<string[]> => {
    const texts: string[] = []
    for (const rest of [
      `/v2/${where.name}/tags/list`,
      `/acr/v1/${where.name}/_tags`,
      `/acr/v1/${where.name}/_manifests`,
    ]) {
      texts.push((await wire.send({ target: rest, authorization: owner })).text())
    }
    return texts
  }
  await setLock(where, 'tag', { listEnabled: false })
  const [tags, tagProperties] = await listsOf()
  for (const list of [tags ?? '', tagProperties ?? '']) {
    assert.ok(!list.includes('"held"') && list.includes('"free"'), list)
  }
  await setLock(where, 'manifest', { listEnabled: false })
  const manifests = (await listsOf())[2] ?? ''
  assert.ok(!manifests.includes(where.held.digest) && manifests.includes(where.free.digest), manifests)
  assert.equal((await ways['reading the tag']?.(where, owner))?.status, 200)
  await setLock(where, 'repository', { listEnabled: false })
  for (const target of ['/v2/_catalog', '/acr/v1/_catalog']) {
    const catalog = await wire.send({ target: `${target}?n=1000`, authorization: owner })
    assert.ok(!listAt(catalog.json(), 'repositories').includes(where.name))
  }
  assert.equal((await ways['reading the tag']?.(where, owner))?.status, 200)
})

test('fault 32: no racing push to a locked tag succeeds, for any name and any way to create the tag', async () => {
  const where = await stage()
  for (const tag of ['latest', 'held']) {
    assert.equal((await put(where, tag, where.free.manifest, owner)).status, 201)
    const target = `/acr/v1/${where.name}/_tags/${tag}`
    const headers = [['Content-Type', 'application/json'] as const]
    const lock = { method: 'PATCH', target, authorization: owner, headers, body: '{"writeEnabled":false}' }
    assert.equal((await wire.send(lock)).status, 200)
    const pushes = Array.from({ length: 8 }, (_, number) => {
      const manifest = number % 2 === 0 ? renewed(where) : where.held.manifest
      return put(where, tag, manifest, number % 4 < 2 ? owner : admin)
    })
    for (const answer of await Promise.all(pushes)) assertLocked(answer, tag)
    const shown = await wire.send({
      method: 'HEAD',
      target: `/v2/${where.name}/manifests/${tag}`,
      authorization: owner,
    })
    assert.equal(shown.headers['docker-content-digest'], where.free.digest)
  }
})

test('fault 33: of many pushes that race with a lock, none moves the tag once the lock was acknowledged', async () => {
  const where = await stage()
  let isLocked = false
  let early = 0
  const late: number[] = []
  const racing = Promise.all(
    Array.from({ length: 3 }, async () => {
      for (let afterwards = 0; afterwards < 4;) {
        const began = isLocked
        if (began) afterwards++
        const { status } = await put(where, 'held', renewed(where), owner)
        if (status !== 201) continue
        if (began) late.push(status)
        else early += 1
      }
    }),
  )
  await until('pushes move the tag', () => early > 3)
  await setLock(where, 'tag', { writeEnabled: false })
  isLocked = true
  await racing
  assert.deepEqual(late, [])
})
