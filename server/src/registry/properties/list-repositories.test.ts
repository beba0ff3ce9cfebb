import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { ociImageIndexType } from '@acrux/shared/standards/oci/media-type.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  allRepositories,
  descriptorOf,
  digestOf,
  imageManifest,
  openTestRegistry,
  type TestRegistry,
} from '../../../testing/registry/test-registry.ts'
import type { RepositoryView } from '../protocol/ports.ts'

for (const kind of testDatabaseKinds) describe(`the list of repositories on ${kind}`, () => testList(kind))

type Row = {
  readonly name: string
  readonly description?: string
  readonly tagCount: number
  readonly size: number
  readonly lastPushTime?: string
  readonly lastPullTime?: string
  readonly pushedBy?: { readonly id: string }
  readonly pulls: number
  readonly pullsByDay: readonly number[]
  readonly access: readonly string[]
}

const day = (days: number, hours = 0) => Date.UTC(2031, 0, 1 + days, hours)

function testList(kind: DatabaseKind): void {
  let test: TestRegistry
  before(async () => {
    test = await openTestRegistry(kind)
    // The later a repository is pushed, the more tags and the larger layers it has.
    const names = ['team/web', 'team/api', 'other/app', 'alone', 'team-b/app']
    for (const [index, name] of names.entries()) {
      test.clock.nowMs = day(index)
      test.gate.callerKey = index % 2 === 0 ? 'even' : 'odd'
      for (let tag = 0; tag <= index; tag += 1) await test.pushImage(name, `v${tag}`, 'x'.repeat(100 * index + tag))
    }
    test.gate.callerKey = 'caller'
    await test.pushBlob('only/blobs', 'blob')
    await test.pushImage('hidden', 'v1')
    await test.send('PATCH', '/acr/v1/hidden', { body: '{"listEnabled":false}' })
  })
  after(() => test.dispose())
  beforeEach(() => {
    test.gate.view = allRepositories
  })

  const list = async (query = '') => {
    const answer = await test.send('GET', `/acr/v1/_repositories${query}`)
    assert.equal(answer.status, 200, answer.text)
    return { ...answer, rows: answer.json['repositories'] as Row[] }
  }
  const namesOf = async (query = '') => (await list(query)).rows.map(({ name }) => name)
  /** Follows `Link` from page to page. */
  const walk = async (query: string) => {
    const pages: string[][] = []
    for (let next: string | undefined = `/acr/v1/_repositories${query}`; next !== undefined;) {
      const answer = await test.send('GET', next)
      assert.equal(answer.status, 200, answer.text)
      pages.push((answer.json['repositories'] as Row[]).map(({ name }) => name))
      next = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link ?? ''))?.[1]
      assert.ok(pages.length < 20)
    }
    return pages
  }
  const limited = (view: Partial<RepositoryView>): RepositoryView => ({
    listsAll: false,
    candidates: 'any',
    mayPull: () => true,
    accessTo: () => ['pull'],
    ...view,
  })

  const orders: readonly [orderby: string, names: readonly string[]][] = [
    ['name', ['alone', 'other/app', 'team-b/app', 'team/api', 'team/web']],
    ['name desc', ['team/web', 'team/api', 'team-b/app', 'other/app', 'alone']],
    ['pushed', ['team-b/app', 'alone', 'other/app', 'team/api', 'team/web']],
    ['pushed asc', ['team/web', 'team/api', 'other/app', 'alone', 'team-b/app']],
    ['size', ['team-b/app', 'alone', 'other/app', 'team/api', 'team/web']],
    ['size asc', ['team/web', 'team/api', 'other/app', 'alone', 'team-b/app']],
    ['pulls', ['alone', 'other/app', 'team-b/app', 'team/api', 'team/web']],
  ]
  for (const [orderby, names] of orders) {
    it(`is ordered by ${orderby} in pages of any size, for a caller with and without the catalog`, async () => {
      for (const view of [allRepositories, limited({})]) {
        test.gate.view = view
        for (const size of [1, 2, 5, 100]) {
          const pages = await walk(`?orderby=${encodeURIComponent(orderby)}&n=${size}`)
          assert.deepEqual(pages.flat(), names)
          assert.equal(pages.length, Math.ceil(names.length / size))
        }
      }
    })
  }

  it('shows the columns of each repository, and how many there are', async () => {
    const { json, rows } = await list()
    assert.equal(json['registry'], 'first.example')
    assert.equal(json['count'], 5)
    assert.ok((json['size'] as number) > 1000)
    const row = rows.find(({ name }) => name === 'other/app')
    assert.ok(row)
    const { size, pullsByDay, ...rest } = row
    assert.ok(size > 600)
    assert.deepEqual(pullsByDay, Array(30).fill(0))
    assert.deepEqual(rest, {
      name: 'other/app',
      tagCount: 3,
      manifestCount: 3,
      createdTime: '2031-01-03T00:00:00Z',
      lastPushTime: '2031-01-03T00:00:00Z',
      pushedBy: { id: 'even', name: 'Name of even', kind: 'servicePrincipal' },
      pulls: 0,
      type: 'image',
      access: ['pull'],
    })
  })

  it('is filtered by name, push and pusher, also on the next pages', async () => {
    assert.deepEqual(await namesOf('?filter=TEAM'), ['team-b/app', 'team/api', 'team/web'])
    assert.deepEqual(await walk('?filter=app&n=1'), [['other/app'], ['team-b/app']])
    assert.deepEqual(await namesOf('?filter=%25'), [])
    assert.deepEqual(await namesOf('?filter=a%00'), [])
    assert.deepEqual(await namesOf('?pushedBefore=2031-01-02T12:00:00Z'), ['team/api', 'team/web'])
    assert.deepEqual(await namesOf('?pushedAfter=2031-01-04T00:00:00Z'), ['team-b/app'])
    assert.deepEqual(await namesOf('?pushedBy=odd'), ['alone', 'team/api'])
    assert.equal((await list('?filter=team&n=1')).json['count'], 3)
  })

  const faulty = ['?orderby=age', '?orderby=name%20up', '?orderby=size&last=x', '?pushedAfter=monday', '?n=-1']
  for (const query of faulty) {
    it(`rejects ${query}`, async () => {
      assert.equal((await test.send('GET', `/acr/v1/_repositories${query}`)).status, 400)
    })
  }

  it('shows an anonymous caller no pusher, and does not filter by one', async () => {
    test.gate.callerKey = 'anonymous'
    assert.ok((await list()).rows.every(({ pushedBy }) => pushedBy === undefined))
    assert.equal((await test.send('GET', '/acr/v1/_repositories?pushedBy=odd')).status, 400)
    test.gate.callerKey = 'caller'
  })

  it('shows the description of a repository, also after other changes', async () => {
    const patch = (body: object) => test.send('PATCH', '/acr/v1/team%2Fapi', { body: JSON.stringify(body) })
    const description = 'Ä'.repeat(200)
    assert.equal((await patch({ description })).json['description'], description)
    await patch({ deleteEnabled: true })
    assert.equal((await test.send('GET', '/acr/v1/team%2Fapi')).json['description'], description)
    assert.equal((await list('?filter=team/api')).rows[0]?.description, description)
    for (const faulty of ['x'.repeat(201), 7, 'a\nb', 'a\u202eb', '\ud800']) {
      assert.equal((await patch({ description: faulty })).status, 400, JSON.stringify(faulty))
    }
    assert.equal((await patch({ description: '' })).json['description'], undefined)
    assert.equal((await list('?filter=team/api')).rows[0]?.description, undefined)
  })

  it('contains exactly what a caller without the catalog may pull, with what it may do', async () => {
    const asked: string[] = []
    const mayPull = (name: string) => {
      asked.push(name)
      return name !== 'team/api'
    }
    const candidates = { names: ['alone', 'absent', 'hidden', 'only/blobs'], prefixes: ['team/'] }
    const accessTo = (name: string) => (name === 'alone' ? ['pull', 'push'] : ['pull'])
    test.gate.view = limited({ candidates, mayPull, accessTo })
    const { json, rows } = await list()
    assert.deepEqual(
      rows.map(({ name, access }) => [name, access]),
      [
        ['alone', ['pull', 'push']],
        ['team/web', ['pull']],
      ],
    )
    assert.equal(json['count'], 2)
    assert.equal(json['size'], undefined, 'the size of the registry is not for this caller')
    assert.deepEqual(asked, ['alone', 'team/api', 'team/web'], 'other repositories are not decided')
    assert.deepEqual(await namesOf('?orderby=pushed'), ['alone', 'team/web'])
    test.gate.view = limited({ candidates: { names: [], prefixes: [] } })
    assert.deepEqual(await namesOf(), [])
  })

  it('counts pulls by day, orders by them, and forgets them after 30 days', async () => {
    const pull = async (repository: string, times: number) => {
      for (let time = 0; time < times; time += 1) await test.send('GET', `/v2/${repository}/manifests/v0`)
    }
    test.clock.nowMs = day(40)
    await pull('team/web', 3)
    await pull('alone', 1)
    await test.registry.flushLastPulls()
    test.clock.nowMs = day(42, 5)
    await pull('team/web', 2)
    test.gate.views = true
    await pull('team/web', 5)
    test.gate.views = false
    await test.registry.flushLastPulls()
    await test.registry.expirePulls()
    const web = async () => (await list('?filter=team/web')).rows[0]
    assert.equal((await web())?.pulls, 5)
    assert.deepEqual((await web())?.pullsByDay, [...Array<number>(27).fill(0), 3, 0, 2])
    assert.equal((await web())?.lastPullTime, '2031-02-12T05:00:00Z')
    assert.deepEqual((await namesOf('?orderby=pulls')).slice(0, 2), ['team/web', 'alone'])
    assert.deepEqual(await namesOf('?notPulledSince=2031-02-11'), ['alone', 'other/app', 'team-b/app', 'team/api'])
    test.clock.nowMs = day(70)
    await test.registry.expirePulls()
    assert.equal((await web())?.pulls, 2)
    const rows = () =>
      test.database.tables<{ repository_day: object }>().selectFrom('repository_day').selectAll().execute()
    assert.equal((await rows()).length, 1)
    assert.deepEqual((await namesOf('?orderby=pulls')).slice(0, 2), ['team/web', 'alone'], 'by name among equals')
    await test.send('DELETE', '/acr/v1/team%2Fweb')
    await test.registry.collectGarbage()
    assert.equal((await rows()).length, 0)
  })
}

for (const kind of testDatabaseKinds) describe(`repositories of several types on ${kind}`, () => testTypes(kind))

function testTypes(kind: DatabaseKind): void {
  let test: TestRegistry
  const helmConfig = 'application/vnd.cncf.helm.config.v1+json'
  const pushTyped = async (repository: string, tag: string, configType: string, more: object = {}) => {
    const config = JSON.stringify({ name: repository })
    await test.pushBlob(repository, config)
    const manifest = JSON.stringify({
      ...imageManifest(config, []),
      config: descriptorOf(config, configType),
      ...more,
    })
    assert.equal((await test.putManifest(repository, tag, manifest)).status, 201)
    return manifest
  }
  const pushIndex = async (repository: string, tag: string, more: object = {}) => {
    const index = JSON.stringify({ schemaVersion: 2, mediaType: ociImageIndexType, manifests: [], ...more })
    assert.equal((await test.putManifest(repository, tag, index, ociImageIndexType)).status, 201)
  }
  const list = async (query = '') => {
    const answer = await test.send('GET', `/acr/v1/_repositories${query}`)
    assert.equal(answer.status, 200, answer.text)
    const rows = answer.json['repositories'] as readonly { readonly name: string; readonly type?: string }[]
    return { ...answer, rows: rows.map(({ name, type }) => [name, type]) }
  }

  before(async () => {
    test = await openTestRegistry(kind)
    await test.pushImage('app', 'v1')
    await pushIndex('index', 'v1')
    await pushIndex('bundle', 'v1', { artifactType: 'application/vnd.example.bundle' })
    await pushTyped('chart', 'v1', helmConfig)
    await pushTyped('policy', 'v1', 'application/vnd.oci.empty.v1+json', { artifactType: 'application/vnd.example' })
    const untagged = await pushTyped('untagged', 'v1', helmConfig)
    await test.send('DELETE', '/acr/v1/untagged/_tags/v1')
    assert.equal((await test.send('GET', `/v2/untagged/manifests/${digestOf(untagged)}`)).status, 200)
  })
  after(() => test.dispose())

  it('have the type of the image of their newest tag', async () => {
    assert.deepEqual((await list()).rows, [
      ['app', 'image'],
      ['bundle', 'artifact'],
      ['chart', 'helm'],
      ['index', 'image'],
      ['policy', 'artifact'],
      ['untagged', undefined],
    ])
  })

  it('are filtered by type, also on the next pages, for a caller with and without the catalog', async () => {
    const limited = { ...allRepositories, listsAll: false, candidates: 'any' as const }
    for (const view of [allRepositories, limited]) {
      test.gate.view = view
      const images = [
        ['app', 'image'],
        ['index', 'image'],
      ]
      const { rows, json } = await list('?type=image')
      assert.deepEqual([rows, json['count']], [images, 2])
      assert.deepEqual((await list('?type=image&orderby=size')).json['count'], 2)
      assert.deepEqual((await list('?type=helm')).rows, [['chart', 'helm']])
      assert.deepEqual((await list('?type=artifact&filter=pol')).rows, [['policy', 'artifact']])
      const first = await list('?type=image&n=1')
      assert.deepEqual(first.rows, [images[0]])
      const next = /<([^>]+)>/.exec(String(first.headers.link))?.[1] ?? ''
      const second = await test.send('GET', next)
      assert.deepEqual(
        (second.json['repositories'] as { name: string }[]).map(({ name }) => name),
        ['index'],
      )
    }
    assert.equal((await test.send('GET', '/acr/v1/_repositories?type=chart')).status, 400)
  })

  it('keep their type when a signature is attached by a tag, and change it with the newest tag', async () => {
    test.clock.nowMs += 1000
    await pushTyped('app', `sha256-${'0'.repeat(64)}.sig`, 'application/vnd.example.signature')
    assert.deepEqual((await list('?filter=app')).rows, [['app', 'image']])
    await pushTyped('app', 'v2', helmConfig)
    assert.deepEqual((await list('?filter=app')).rows, [['app', 'helm']])
    await test.send('DELETE', '/acr/v1/app/_tags/v2')
    assert.deepEqual((await list('?filter=app')).rows, [['app', 'image']])
  })
}

for (const kind of testDatabaseKinds) describe(`many repositories on ${kind}`, () => testMany(kind))

function testMany(kind: DatabaseKind): void {
  it('are checked up to a limit, and the list says that it is incomplete', async (t) => {
    const test = await openTestRegistry(kind)
    t.after(() => test.dispose())
    await test.pushImage('m/base', 'v1')
    const tables = test.database.tables<{ repository: Record<string, unknown> }>()
    const base = await tables.selectFrom('repository').selectAll().executeTakeFirstOrThrow()
    await test.database.transaction(async (transaction) => {
      for (let start = 0; start < 20_100; start += 300) {
        const rows = Array.from({ length: 300 }, (_, index) => {
          const name = `m/${String(start + index).padStart(5, '0')}`
          return { ...base, id: name, name }
        })
        await transaction
          .tables<{ repository: Record<string, unknown> }>()
          .insertInto('repository')
          .values(rows)
          .execute()
      }
    })
    const mayPull = (name: string) => name >= 'm/20050'
    test.gate.view = { listsAll: false, candidates: 'any', mayPull, accessTo: () => ['pull'] }
    const first = await test.send('GET', '/acr/v1/_repositories')
    assert.deepEqual([first.json['repositories'], first.json['incomplete'], first.json['count']], [[], true, undefined])
    assert.match(String(first.json['message']), /^The server checked 20,000 repositories and stopped\. /)
    const next = /^<([^>]+)>/.exec(String(first.headers.link))?.[1] ?? ''
    const second = await test.send('GET', next)
    assert.equal((second.json['repositories'] as Row[])[0]?.name, 'm/20050', 'the next page goes on')
    const sorted = await test.send('GET', '/acr/v1/_repositories?orderby=pushed')
    assert.equal(sorted.json['incomplete'], true)
    const filtered = await test.send('GET', '/acr/v1/_repositories?orderby=pushed&filter=m/2')
    assert.deepEqual([filtered.json['incomplete'], filtered.json['count']], [undefined, 50])
  })
}
