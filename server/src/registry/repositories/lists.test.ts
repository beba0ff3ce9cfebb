import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { ociImageIndexType } from '@acrux/shared/standards/oci/media-type.ts'
import { digestOf, openTestRegistry, type TestRegistry } from '../../../testing/registry/test-registry.ts'

for (const kind of testDatabaseKinds) describe(`lists on ${kind}`, () => testLists(kind))

/** An index that names nothing: the smallest manifest there is. */
function emptyIndex(more: Record<string, unknown> = {}): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: ociImageIndexType, manifests: [], ...more })
}

function testLists(kind: DatabaseKind): void {
  let test: TestRegistry

  before(async () => {
    test = await openTestRegistry(kind)
  })
  after(() => test.dispose())

  const push = async (repository: string, reference: string, more: Record<string, unknown> = {}, host?: string) => {
    const answer = await test.send('PUT', `/v2/${repository}/manifests/${reference}`, {
      headers: { 'content-type': ociImageIndexType },
      body: emptyIndex(more),
      ...(host !== undefined && { host }),
    })
    assert.equal(answer.status, 201)
  }
  /** Follows `Link` from page to page, and returns what each page had. */
  const walk = async (path: string, field: string) => {
    const pages: unknown[][] = []
    let next: string | undefined = path
    while (next !== undefined) {
      const answer = await test.send('GET', next)
      assert.equal(answer.status, 200)
      pages.push(answer.json[field] as unknown[])
      next = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link ?? ''))?.[1]
      assert.ok(pages.length < 100)
    }
    return pages
  }

  // What a database that knows a language would sort otherwise, and prefixes of one another. [distribution#4904]
  const adversarial = ['a', 'a-b', 'a--b', 'a.b', 'a/b', 'a/b/c', 'a0', 'a_b', 'a__b', 'ab', 'b', '0', 'z9']

  it('the catalog contains every repository once, in byte order, with any page size', async () => {
    const names = adversarial.map((name) => `c/${name}`)
    for (const name of names) await push(name, 'v1')
    const expected = [...names].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
    for (const surface of ['/v2/_catalog', '/acr/v1/_catalog']) {
      for (const size of [1, 2, 3, expected.length, 1000]) {
        const pages = await walk(`${surface}?n=${size}`, 'repositories')
        assert.deepEqual(pages.flat(), expected)
        assert.equal(pages.length, Math.ceil(expected.length / size))
      }
    }
  })

  it('the catalog contains only published repositories of one registry that may be listed', async () => {
    await push('other/repository', 'v1', {}, 'second.example')
    await test.pushBlob('blobs/only', 'blob')
    await push('hidden/one', 'v1')
    await test.send('PATCH', '/acr/v1/hidden%2Fone', { body: '{"listEnabled":false}' })
    const { json } = await test.send('GET', '/v2/_catalog')
    const names = json.repositories as string[]
    assert.ok(names.includes('c/a'))
    for (const name of ['other/repository', 'blobs/only', 'hidden/one']) assert.ok(!names.includes(name), name)
    const second = await test.send('GET', '/v2/_catalog', { host: 'second.example' })
    assert.deepEqual(second.json, { repositories: ['other/repository'] })
  })

  it('tags are listed in byte order after last, whether or not last exists', async () => {
    const tags = ['A', 'Z', '_', 'a', 'a-1', 'a.1', 'a1', 'b', 'z', '0', '1.0', '1.10', '1.2']
    for (const tag of tags) await push('tags/app', tag)
    const expected = [...tags].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
    const url = '/v2/tags/app/tags/list'
    assert.deepEqual((await test.send('GET', url)).json, { name: 'tags/app', tags: expected })
    for (const size of [1, 3, 13]) assert.deepEqual((await walk(`${url}?n=${size}`, 'tags')).flat(), expected)
    for (const last of ['', '0', '1.0', 'AA', 'a-', 'zz', '%00', 'a%00b', '%ff']) {
      const decoded = last === '%ff' ? '\ufffd' : decodeURIComponent(last)
      const after = expected.filter((tag) => Buffer.compare(Buffer.from(tag), Buffer.from(decoded)) > 0)
      assert.deepEqual((await test.send('GET', `${url}?last=${last}`)).json.tags, after, last)
    }
  })

  it('Link has last, n and orderby in this order, each with its equals sign', async () => {
    assert.equal(
      (await test.send('GET', '/v2/_catalog?n=1')).headers.link,
      '</v2/_catalog?last=c%2F0&n=1&orderby=>; rel="next"',
    )
    assert.equal(
      (await test.send('GET', '/v2/tags/app/tags/list?n=2')).headers.link,
      '</v2/tags/app/tags/list?last=1.0&n=2&orderby=>; rel="next"',
    )
    for (const path of ['/acr/v1/tags%2Fapp/_tags', '/acr/v1/tags/app/_tags']) {
      const { headers } = await test.send('GET', `${path}?n=1&orderby=timedesc&api-version=2021-07-01`)
      assert.match(
        String(headers.link),
        /^<\/acr\/v1\/tags%2Fapp\/_tags\?last=[^&]+&n=1&orderby=timedesc>; rel="next"$/,
      )
    }
  })

  const pageSizes: readonly [n: string, status: number, why: string][] = [
    ['0', 200, 'an empty page, and no next one'],
    ['2147483648', 200, 'as many as a page has'],
    ['9'.repeat(400), 200, 'likewise, however long'],
    ['', 200, 'as if it were not there'],
    ['-1', 400, 'no number of results'],
    ['1e308', 400, 'no whole number'],
    ['ten', 400, 'no number'],
    ['1.5', 400, 'no whole number'],
    ['%00', 400, 'no number'],
  ]
  for (const [n, status, why] of pageSizes) {
    it(`n=${n.slice(0, 12)} is ${status} on every list: ${why}`, async () => {
      for (const path of [
        '/v2/_catalog',
        '/acr/v1/_catalog',
        '/v2/tags/app/tags/list',
        '/acr/v1/tags%2Fapp/_tags',
        '/acr/v1/tags%2Fapp/_manifests',
        `/v2/tags/app/referrers/${digestOf('x')}`,
      ]) {
        const answer = await test.send('GET', `${path}?n=${n}`)
        assert.equal(answer.status, status, path)
        if (status === 400) assert.equal(answer.code, 'PAGINATION_NUMBER_INVALID')
        if (n === '0') {
          const lists = Object.values(answer.json).filter((value) => value === null || Array.isArray(value))
          assert.deepEqual(lists, [path.startsWith('/acr/v1/tags') ? null : []], path)
          assert.equal(answer.headers.link, undefined)
        }
      }
    })
  }

  it('lists by time continue where they ended, even if their last entry was deleted or moved', async () => {
    for (let index = 0; index < 6; index += 1) {
      test.clock.nowMs += 1000
      await push('timed', `t${index}`, { annotations: { index: String(index) } })
    }
    const names = (page: unknown[]) => page.map((tag) => (tag as { name: string }).name)
    const oldest = await walk('/acr/v1/timed/_tags?n=2&orderby=timeasc', 'tags')
    assert.deepEqual(oldest.map(names), [
      ['t0', 't1'],
      ['t2', 't3'],
      ['t4', 't5'],
    ])
    const newest = await walk('/acr/v1/timed/_tags?n=4&orderby=timedesc', 'tags')
    assert.deepEqual(newest.map(names), [
      ['t5', 't4', 't3', 't2'],
      ['t1', 't0'],
    ])
    const first = await test.send('GET', '/acr/v1/timed/_tags?n=2&orderby=timedesc')
    await test.send('DELETE', '/acr/v1/timed/_tags/t5')
    await test.send('DELETE', '/acr/v1/timed/_tags/t4')
    const link = /<([^>]+)>/.exec(String(first.headers.link))?.[1] ?? ''
    assert.deepEqual(names((await test.send('GET', link)).json.tags as unknown[]), ['t3', 't2'])
    const named = await test.send('GET', '/acr/v1/timed/_tags?orderby=timeasc&last=t2')
    assert.deepEqual(names(named.json.tags as unknown[]), ['t3'])
    const unknown = await test.send('GET', '/acr/v1/timed/_tags?orderby=timeasc&last=never')
    assert.equal(unknown.json.tags, null)
    assert.equal((await test.send('GET', '/acr/v1/timed/_tags?orderby=size')).code, 'BAD_REQUEST')
    const manifests = await walk('/acr/v1/timed/_manifests?n=4&orderby=timedesc', 'manifests')
    const times = manifests.flat().map((manifest) => (manifest as { lastUpdateTime: string }).lastUpdateTime)
    assert.deepEqual(times, [...times].sort().reverse())
    assert.equal(times.length, 6)
  })
}
