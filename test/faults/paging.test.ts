import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { principalWithRole, roles } from '../harness/arm.ts'
import type { HttpResponse } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { accessToken, basic, pushBlob, putManifest } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { assertDenied } from '../rights/denial.ts'
import { assertBounded } from './memory.ts'
import { openWire } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { loginServer, servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const mediaType = 'application/vnd.oci.image.index.v1+json'

/** Names that a comparison by prefix, by collation or by path would put together or in another order. */
const repositories = [
  'a',
  'a-b',
  'a--b',
  'a.b',
  'a/b',
  'a/b/c',
  'a0',
  'a_b',
  'a__b',
  'aa',
  'ab',
  'a-b/c',
  'b',
  'b/a',
  '0',
]
const tags = [
  'a',
  'A',
  'B',
  '_',
  '_a',
  'a.b',
  'a-b',
  'a_b',
  'a0',
  '1',
  '10',
  '2',
  '1.0',
  'aa',
  'latest',
  'z'.repeat(128),
]
const byBytes = (list: readonly string[]): string[] =>
  [...list].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))

/** An empty index that differs from all others; it needs no blob. */
function index(): { mediaType: string; bytes: Buffer } {
  const annotations = { drawn: randomBytes(8).toString('hex') }
  return { mediaType, bytes: Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests: [], annotations })) }
}

for (const name of repositories)
  assert.equal((await putManifest(server, name, { reference: '1', ...index() }, owner)).status, 201)
for (const tag of tags)
  assert.equal((await putManifest(server, 'many', { reference: tag, ...index() }, owner)).status, 201)
const names = [...repositories, 'many']

/** A list of the data plane: where it is, and how its entries are read. */
interface List {
  target: string
  read: (body: unknown) => string[]
  expected: readonly string[]
}

const strings =
  (key: string) =>
  (body: unknown): string[] =>
    listAt(body, key).map(String)
/** The names of a list of `/acr/v1`, which is null when it is empty. */
const field =
  (key: string, name: string) =>
  (body: unknown): string[] =>
    at(body, key) === null ? [] : listAt(body, key).map((one) => stringAt(one, name))

const lists: Record<string, List> = {
  'the catalog': { target: '/v2/_catalog', read: strings('repositories'), expected: byBytes(names) },
  'the catalog of ACR': { target: '/acr/v1/_catalog', read: strings('repositories'), expected: byBytes(names) },
  'the list of repositories': {
    target: '/acr/v1/_repositories',
    read: field('repositories', 'name'),
    expected: byBytes(names),
  },
  'the tags': { target: '/v2/many/tags/list', read: strings('tags'), expected: byBytes(tags) },
  'the tags of ACR': { target: '/acr/v1/many/_tags', read: field('tags', 'name'), expected: byBytes(tags) },
}

/** `last` first, then `n`, then `orderby` even where it is empty. [azure-powershell ContainerRegistryDataPlaneClient.cs] */
const linkOfAcr = /^<(\/[^>]+\?last=[^&]*&n=\d+&orderby=[^>]*)>; rel="next"$/

/** Follows `Link` from a target to the end; fails where that does not come. */
async function walk(target: string, read: List['read'], pageSize: number): Promise<string[]> {
  const seen: string[] = []
  let next: string | undefined = target
  for (let pages = 0; next !== undefined; pages++) {
    assert.ok(pages < 100, `the list of ${target} does not end`)
    const page: HttpResponse = await wire.send({ target: next, authorization: owner })
    assert.equal(page.status, 200, page.text())
    const entries = read(page.json())
    assert.ok(entries.length <= pageSize, `${entries.length} entries on a page of ${pageSize}`)
    seen.push(...entries)
    const link = page.headers.link
    next = link === undefined ? undefined : linkOfAcr.exec(String(link))?.[1]
    assert.ok(link === undefined || next !== undefined, `a Link that clients cannot read: ${String(link)}`)
  }
  return seen
}

for (const [what, { target, read, expected }] of Object.entries(lists)) {
  test(`fault 21: ${what} returns each entry once and in byte order, for every page size`, async () => {
    for (const pageSize of [1, 2, 3, 7, 1000]) {
      assert.deepEqual(await walk(`${target}?n=${pageSize}`, read, pageSize), expected, `pages of ${pageSize}`)
    }
    assert.deepEqual(await walk(target, read, 1000), expected)
  })

  test(`fault 21: ${what} continues after any name, existing or not`, async () => {
    const starts = [...expected, '', 'a!', 'a-', 'a.', 'a/', 'a00', 'zzz', 'é', '%', '../a', 'a\u0000', '\ufffd']
    for (const last of starts) {
      const page = await wire.send({
        target: `${target}?last=${encodeURIComponent(last)}&n=1000`,
        authorization: owner,
      })
      assert.equal(page.status, 200, `after ${JSON.stringify(last)}: ${page.text()}`)
      const later = expected.filter((one) => Buffer.compare(Buffer.from(one), Buffer.from(last)) > 0)
      assert.deepEqual(read(page.json()), later, `after ${JSON.stringify(last)}`)
    }
  })

  test(`fault 21: ${what} takes no page size that is not one, and allocates nothing for a large one`, async () => {
    await assertBounded(server, { milliseconds: 15_000, mebibytes: 60 }, async () => {
      const denied = [
        '-1',
        '-0',
        '+1',
        '1.5',
        '1e308',
        '1e2',
        '0x10',
        'ten',
        'NaN',
        'Infinity',
        ' 1',
        '1 ',
        '１',
        "1'--",
        'null',
        '[]',
      ]
      for (const n of denied) {
        const page = await wire.send({ target: `${target}?n=${encodeURIComponent(n)}`, authorization: owner })
        assert.equal(page.status, 400, `n=${n}: ${page.text().slice(0, 200)}`)
        assert.match(stringAt(page.json(), 'errors', 0, 'code'), /^[A-Z_]+$/)
      }
      for (const n of ['1000', '1001', '2147483647', '2147483648', '4294967296', '9007199254740993', '9'.repeat(300)]) {
        const page = await wire.send({ target: `${target}?n=${n}`, authorization: owner })
        assert.equal(page.status, 200, `n=${n.slice(0, 30)}: ${page.text().slice(0, 200)}`)
        assert.deepEqual(read(page.json()), expected)
      }
    })
    const none = await wire.send({ target: `${target}?n=0`, authorization: owner })
    assert.equal(none.status, 200)
    assert.deepEqual(read(none.json()), [])
    assert.equal(none.headers.link, undefined)
  })
}

test('fault 21: entries of the same instant are each listed once, in either order of time', async () => {
  const push = async (tag: string): Promise<unknown> =>
    putManifest(server, 'burst', { reference: tag, ...index() }, owner)
  await Promise.all(Array.from({ length: 24 }, (_, at) => push(`t${at}`)))
  const all = Array.from({ length: 24 }, (_, at) => `t${at}`).sort()
  for (const orderby of ['timeasc', 'timedesc', 'none', '']) {
    for (const pageSize of [1, 5]) {
      const query = `n=${pageSize}&orderby=${orderby}`
      const listed = await walk(`/acr/v1/burst/_tags?${query}`, field('tags', 'name'), pageSize)
      assert.deepEqual([...listed].sort(), all, `tags ordered by ${orderby}`)
      const digests = await walk(`/acr/v1/burst/_manifests?${query}`, field('manifests', 'digest'), pageSize)
      assert.equal(digests.length, 24, `manifests ordered by ${orderby}`)
      assert.equal(new Set(digests).size, 24, `manifests ordered by ${orderby}`)
    }
  }
})

test('fault 21: referrers beyond a page are each listed once', async () => {
  const subject = index()
  const put = await putManifest(server, 'signed', { reference: '1', ...subject }, owner)
  const digest = String(put.headers['docker-content-digest'])
  const config = { ...(await pushBlob(server, 'signed', Buffer.from('{}'), owner)), mediaType: 'application/x' }
  for (let at = 0; at < 12; at++) {
    const manifest = {
      schemaVersion: 2,
      config,
      layers: [],
      subject: { mediaType, digest, size: subject.bytes.length },
      annotations: { at: String(at) },
    }
    const type = 'application/vnd.oci.image.manifest.v1+json'
    const sent = { mediaType: type, bytes: Buffer.from(JSON.stringify(manifest)) }
    assert.equal((await putManifest(server, 'signed', { reference: `r${at}`, ...sent }, owner)).status, 201)
  }
  for (const pageSize of [1, 5, 1000]) {
    const listed = await walk(`/v2/signed/referrers/${digest}?n=${pageSize}`, field('manifests', 'digest'), 1000)
    assert.equal(new Set(listed).size, 12)
    assert.equal(listed.length, 12)
  }
})

test('fault 21: a caller without read permission gets no catalog', async () => {
  const deleter = await principalWithRole(server, 'deleter', roles.acrDelete)
  const credential = { username: deleter.appId, password: deleter.password }
  const empty = await accessToken(server, credential, ['registry:catalog:*'])
  const puller = await principalWithRole(server, 'puller', roles.acrPull)
  const one = { username: puller.appId, password: puller.password }
  const narrow = await accessToken(server, one, ['repository:a:pull,metadata_read'])
  const scope = 'registry:catalog:*'
  for (const target of ['/v2/_catalog', '/acr/v1/_catalog']) {
    assertDenied(await wire.send({ target }), { loginServer, scope })
    for (const authorization of [`Bearer ${empty}`, `Bearer ${narrow}`, basic(deleter.appId, deleter.password)]) {
      assertDenied(await wire.send({ target, authorization }), { loginServer, scope, error: 'insufficient_scope' })
    }
  }
})
