import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { listAt, stringAt } from '../harness/json.ts'
import type { Caller } from './caller.ts'
import {
  type Descriptor,
  describe,
  type Document,
  documentOf,
  emptyDescriptor,
  emptyJson,
  mediaTypes,
  randomContent,
} from './content.ts'
import { expect, expectError, header, pushBlob, pushManifest, pushParts, putManifest } from './exchange.ts'

const typeA = 'application/vnd.example.peanut.butter'
const typeB = 'application/vnd.example.strawberry.jam'

async function tagsOf(caller: Caller, repository: string, query = ''): Promise<{ tags: unknown; link?: string }> {
  const response = expect(await caller.send({ path: `/v2/${repository}/tags/list${query}` }), 200)
  assert.match(header(response, 'content-type'), /^application\/json\b/)
  assert.equal(stringAt(response.json(), 'name'), repository)
  const { link } = response.headers
  return { tags: listAt(response.json(), 'tags'), ...(link !== undefined && { link: String(link) }) }
}

function testTags(caller: Caller): void {
  const repository = caller.repository('tags')
  const pushed = ['b', 'a', 'B', 'a-1', 'a.1', 'a_1', '10', '9', '_x', 'test0', 'test1', 'latest']
  const sorted = pushed.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
  before(async () => {
    const index = documentOf({ mediaType: mediaTypes.index, manifests: [] })
    for (const tag of pushed) expect(await putManifest(caller, repository, tag, index), 201)
  })

  test('the tags are listed whole, in the order of their bytes [Listing Tags]', async () => {
    assert.deepEqual(await tagsOf(caller, repository), { tags: sorted })
  })

  test('the list continues after `last`, whether or not there is such a tag', async () => {
    for (const last of [...sorted, '0', 'a!', 'zzz']) {
      const { tags } = await tagsOf(caller, repository, `?last=${encodeURIComponent(last)}`)
      const rest = sorted.filter((tag) => Buffer.compare(Buffer.from(tag), Buffer.from(last)) > 0)
      assert.deepEqual(tags, rest, last)
    }
  })

  test('the list is cut at `n`, with a link to what is left', async () => {
    for (const size of [1, 5, 7, 100]) {
      const seen: unknown[] = []
      let path: string | undefined = `/v2/${repository}/tags/list?n=${size}`
      while (path !== undefined) {
        const response = expect(await caller.send({ path }), 200)
        const page = listAt(response.json(), 'tags')
        assert.ok(page.length <= size)
        seen.push(...page)
        const link = /^<([^>]+)>; ?rel="?next"?$/.exec(String(response.headers.link ?? ''))
        if (link !== null) assert.equal(page.length, size)
        path = link?.[1] === undefined ? undefined : pathOf(link[1])
      }
      assert.deepEqual(seen, sorted)
    }
  })

  test('a list of none has no link', async () => {
    assert.deepEqual(await tagsOf(caller, repository, '?n=0'), { tags: [] })
  })

  test('a number that is none is rejected', async () => {
    for (const n of ['-1', 'x', '1e3', '1.5', '99999999999999999999']) {
      expect(await caller.send({ path: `/v2/${repository}/tags/list?n=${n}` }), 200, 400)
    }
  })

  test('a repository without tags has an empty list, and a missing one has none', async () => {
    const bare = caller.repository('tagless')
    await pushManifest(caller, bare, documentOf({ mediaType: mediaTypes.index, manifests: [] }))
    assert.deepEqual(await tagsOf(caller, bare), { tags: [] })
    expectError(await caller.send({ path: `/v2/${caller.repository('never')}/tags/list` }), 404, 'NAME_UNKNOWN')
  })
}

function pathOf(reference: string): string {
  const url = new URL(reference, 'https://registry.example')
  return url.pathname + url.search
}

/** The descriptors that the referrers API answers with. */
async function referrersOf(
  caller: Caller,
  repository: string,
  digest: string,
  artifactType?: string,
): Promise<readonly unknown[]> {
  const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`
  const response = expect(await caller.send({ path: `/v2/${repository}/referrers/${digest}${query}` }), 200)
  assert.equal(header(response, 'content-type'), mediaTypes.index)
  assert.equal(response.headers['oci-filters-applied'], artifactType === undefined ? undefined : 'artifactType')
  assert.partialDeepStrictEqual(response.json(), { schemaVersion: 2, mediaType: mediaTypes.index })
  return listAt(response.json(), 'manifests')
}

/** A referrer, and its expected descriptor in the referrers API. */
interface Referrer {
  document: Document
  listed: Descriptor
}

function referrer(
  fields: Parameters<typeof documentOf>[0],
  listedType: string | undefined,
  annotated: string,
): Referrer {
  const annotations = { 'org.example.conformance': annotated }
  const document = documentOf({ ...fields, annotations })
  const artifactType = listedType === undefined ? {} : { artifactType: listedType }
  return { document, listed: { ...document.descriptor, ...artifactType, annotations } }
}

/** One referrer of each kind: by config, by artifact type, and an index with and without a type. */
async function makeReferrers(caller: Caller, repository: string, subject: Descriptor): Promise<Referrer[]> {
  const [a, b] = [randomContent(40), randomContent(40)]
  for (const blob of [emptyJson, a, b]) await pushBlob(caller, repository, blob)
  const mediaType = mediaTypes.manifest
  const byConfig = { mediaType, config: describe(a, typeA), layers: [emptyDescriptor], subject }
  const layers = [describe(b, mediaTypes.octets)]
  const byType = { mediaType, artifactType: typeA, config: emptyDescriptor, layers, subject }
  const otherType = { mediaType, artifactType: typeB, config: emptyDescriptor, layers, subject }
  const index = { mediaType: mediaTypes.index, manifests: [], subject }
  return [
    referrer(byConfig, typeA, 'config a'),
    referrer(byType, typeA, 'layer a'),
    referrer(otherType, typeB, 'layer b'),
    referrer({ ...index, artifactType: typeB }, typeB, 'index b'),
    referrer(index, undefined, 'index without a type'),
  ]
}

const byDigest = (one: Descriptor, other: Descriptor): number => (one.digest < other.digest ? -1 : 1)

function assertListed(found: readonly unknown[], expected: readonly Referrer[]): void {
  const listed = expected.map((one) => one.listed).toSorted(byDigest)
  assert.deepEqual((found as readonly Descriptor[]).toSorted(byDigest), listed)
}

function testReferrers(caller: Caller): void {
  const repository = caller.repository('referrers')

  test('what nothing refers to has an empty list, even in a repository that is not there [Listing Referrers]', async () => {
    const { digest } = randomContent(5)
    assert.deepEqual(await referrersOf(caller, caller.repository('never'), digest), [])
    await pushManifest(caller, repository, documentOf({ mediaType: mediaTypes.index, manifests: [] }))
    assert.deepEqual(await referrersOf(caller, repository, digest), [])
    assert.deepEqual(await referrersOf(caller, repository, digest, typeA), [])
    expectError(await caller.send({ path: `/v2/${repository}/referrers/sha256:wrong` }), 400)
  })

  test('what refers to a subject is listed, before the subject comes, after it and when it has gone', async () => {
    const subject = documentOf({ mediaType: mediaTypes.manifest, ...(await pushParts(caller, repository)) })
    const referrers = await makeReferrers(caller, repository, subject.descriptor)
    for (const [index, { document }] of referrers.entries()) {
      if (index === 2) await pushManifest(caller, repository, subject, 'subject')
      for (const tag of [undefined, `referrer-${index}`, undefined]) {
        const put = await pushManifest(caller, repository, document, tag)
        assert.equal(header(put, 'oci-subject'), subject.digest)
      }
    }
    assertListed(await referrersOf(caller, repository, subject.digest), referrers)
    for (const type of [typeA, typeB]) {
      const filtered = referrers.filter((one) => one.listed.artifactType === type)
      assertListed(await referrersOf(caller, repository, subject.digest, type), filtered)
    }
    assert.deepEqual(await referrersOf(caller, repository, subject.digest, 'application/vnd.example.none'), [])
    assert.deepEqual(await referrersOf(caller, caller.repository('elsewhere'), subject.digest), [])

    const gone = `/v2/${repository}/manifests/${subject.digest}`
    expect(await caller.send({ method: 'DELETE', path: gone }), 202)
    assertListed(await referrersOf(caller, repository, subject.digest), referrers)
    const [first, ...others] = referrers
    const path = `/v2/${repository}/manifests/${first?.document.digest ?? ''}`
    expect(await caller.send({ method: 'DELETE', path }), 202)
    assertListed(await referrersOf(caller, repository, subject.digest), others)
  })

  test('a subject is named by sha512 as well', async () => {
    const subject = documentOf({ mediaType: mediaTypes.index, manifests: [] }, { algorithm: 'sha512' })
    const { document, listed } = referrer(
      { mediaType: mediaTypes.index, manifests: [], subject: subject.descriptor, artifactType: typeA },
      typeA,
      'of a sha512 subject',
    )
    const put = await pushManifest(caller, repository, document)
    assert.equal(header(put, 'oci-subject'), subject.digest)
    assert.deepEqual(await referrersOf(caller, repository, subject.digest), [listed])
  })

  test('a manifest whose subject has an impossible digest is rejected', async () => {
    const subject = { mediaType: mediaTypes.manifest, digest: 'sha256:wrong', size: 5 }
    const bad = documentOf({ mediaType: mediaTypes.index, manifests: [], subject })
    expectError(await putManifest(caller, repository, bad.digest, bad), 400)
  })
}

/** The tests of [OCI distribution-spec, Listing Tags, Listing Referrers] for one caller. */
export function testDiscovery(caller: Caller): void {
  testTags(caller)
  testReferrers(caller)
}
