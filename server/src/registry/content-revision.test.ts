import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { sql } from 'kysely'
import { testDatabaseKinds } from '../../testing/platform/test-database.ts'
import { openTestRegistry, type TestRegistry } from '../../testing/registry/test-registry.ts'

const dayMs = 24 * 60 * 60 * 1000

type Image = { readonly repository: string; readonly digest: string; readonly layer: string }

type Change = {
  readonly what: string
  readonly changes: boolean
  readonly make: (test: TestRegistry, image: Image) => Promise<unknown>
}

const send = (method: string, path: (image: Image) => string, body?: object): Change['make'] => {
  return async (test, image) => {
    const answer = await test.send(method, path(image), body === undefined ? {} : { body: JSON.stringify(body) })
    assert.ok([200, 202, 404].includes(answer.status), answer.text)
  }
}

const manifest = ({ repository, digest }: Image) => `/v2/${repository}/manifests/${digest}`
const blob = ({ repository, layer }: Image) => `/v2/${repository}/blobs/${layer}`
const properties = ({ repository }: Image) => `/acr/v1/${encodeURIComponent(repository)}`

async function loseBytes({ blobs }: TestRegistry, { layer }: Image): Promise<void> {
  for await (const location of blobs.list()) if (location.startsWith(layer)) await blobs.delete(location)
}

const changes: readonly Change[] = [
  { what: 'the deletion of a manifest', changes: true, make: send('DELETE', manifest) },
  { what: 'the deletion of a repository', changes: true, make: send('DELETE', properties) },
  { what: 'a lock of reads of a repository', changes: true, make: send('PATCH', properties, { readEnabled: false }) },
  {
    what: 'a lock of reads of a manifest',
    changes: true,
    make: send('PATCH', (image) => `${properties(image)}/_manifests/${image.digest}`, { readEnabled: false }),
  },
  {
    what: 'the quarantine of a manifest',
    changes: true,
    make: async (test, image) => {
      const corrupt = sql`update manifest set content = 'x' where digest = ${image.digest}`
      await test.database.transaction((transaction) => corrupt.execute(transaction.tables()))
      await send('HEAD', manifest)(test, image)
    },
  },
  {
    what: 'the quarantine of a blob',
    changes: true,
    make: async (test, image) => {
      await loseBytes(test, image)
      await send('HEAD', blob)(test, image)
    },
  },
  {
    what: 'a push of a blob whose bytes are lost',
    changes: true,
    make: async (test, image) => {
      await loseBytes(test, image)
      await test.pushBlob(image.repository, `layer of ${image.repository}`)
    },
  },
  {
    what: 'the deletion of a blob',
    changes: true,
    make: async (test, { repository }) => {
      const loose = await test.pushBlob(repository, `loose in ${repository}`)
      await send('DELETE', () => `/v2/${repository}/blobs/${loose}`)(test, { repository, digest: '', layer: '' })
    },
  },
  {
    what: 'garbage collection that deletes a blob',
    changes: true,
    make: async (test, { repository }) => {
      await test.pushBlob(repository, `garbage in ${repository}`)
      test.clock.nowMs += 2 * dayMs
      assert.ok((await test.registry.collectGarbage()).blobs > 0)
    },
  },
  {
    what: 'a policy that deletes a manifest',
    changes: true,
    make: async (test, image) => {
      await send('DELETE', () => `${properties(image)}/_tags/1`)(test, image)
      test.clock.nowMs += 2 * dayMs
      const policies = {
        retentionPolicy: { status: 'enabled', days: 1, enabledAtMs: 0 },
        softDeletePolicy: { status: 'enabled', retentionDays: 7 },
      } as const
      assert.ok((await test.registry.applyPolicies({ ...test.hosted, policies })).untagged > 0)
    },
  },
  { what: 'a lock of deletions', changes: false, make: send('PATCH', properties, { deleteEnabled: false }) },
  { what: 'the deletion of a tag', changes: false, make: send('DELETE', (image) => `${properties(image)}/_tags/1`) },
  { what: 'a pull', changes: false, make: send('GET', manifest) },
  {
    what: 'a push of another image with the same tag',
    changes: false,
    make: (test, { repository }) => test.pushImage(repository, '1', 'another layer'),
  },
  {
    what: 'a push of the same image',
    changes: false,
    make: (test, { repository }) => test.pushImage(repository, '1', `layer of ${repository}`),
  },
]

describe('the content revision', { skip: !testDatabaseKinds.includes('postgres') }, () => {
  let test: TestRegistry

  before(async () => {
    test = await openTestRegistry('postgres', { softDelete: 'enabled' })
  })
  after(() => test.dispose())

  async function revision(): Promise<number> {
    const rows = await sql<{ content: number }>`select content from authority_revision`.execute(test.database.tables())
    return rows.rows[0]?.content ?? 0
  }

  for (const [number, { what, changes: expected, make }] of changes.entries()) {
    it(`${expected ? 'changes' : 'does not change'} with ${what}`, async () => {
      const repository = `r/app${number}`
      const content = `layer of ${repository}`
      const digest = await test.pushImage(repository, '1', content)
      const layer = await test.pushBlob(repository, content)
      const earlier = await revision()
      await make(test, { repository, digest, layer })
      assert.equal((await revision()) !== earlier, expected)
    })
  }
})
