import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  digestOf,
  imageManifest,
  openTestRegistry,
  type TestRegistry,
} from '../../../testing/registry/test-registry.ts'

const config = '{}'
const image = JSON.stringify(imageManifest(config, ['layer']))
const otherImage = JSON.stringify(imageManifest(config, []))

type Place = 'repository' | 'tag' | 'manifest'
type Lock = 'deleteEnabled' | 'writeEnabled' | 'readEnabled'

/** Every path that could change or read, and where a lock stops it. */
const paths: readonly {
  readonly what: string
  readonly send: (test: TestRegistry, repository: string) => ReturnType<TestRegistry['send']>
  readonly stoppedBy: Readonly<Record<Lock, readonly Place[]>>
}[] = [
  {
    what: 'pull by tag',
    send: (test, repository) => test.send('GET', `/v2/${repository}/manifests/v1`),
    stoppedBy: { deleteEnabled: [], writeEnabled: [], readEnabled: ['repository', 'tag', 'manifest'] },
  },
  {
    what: 'look by digest',
    send: (test, repository) => test.send('HEAD', `/v2/${repository}/manifests/${digestOf(image)}`),
    stoppedBy: { deleteEnabled: [], writeEnabled: [], readEnabled: ['repository', 'manifest'] },
  },
  {
    what: 'pull a blob',
    send: (test, repository) => test.send('GET', `/v2/${repository}/blobs/${digestOf('layer')}`),
    stoppedBy: { deleteEnabled: [], writeEnabled: [], readEnabled: ['repository'] },
  },
  {
    what: 'list referrers',
    send: (test, repository) => test.send('GET', `/v2/${repository}/referrers/${digestOf(image)}`),
    stoppedBy: { deleteEnabled: [], writeEnabled: [], readEnabled: ['repository'] },
  },
  {
    what: 'push the same again under the tag',
    send: (test, repository) => test.putManifest(repository, 'v1', image),
    stoppedBy: { deleteEnabled: [], writeEnabled: ['repository', 'tag', 'manifest'], readEnabled: [] },
  },
  {
    what: 'move the tag',
    send: (test, repository) => test.putManifest(repository, 'v1', otherImage),
    stoppedBy: { deleteEnabled: [], writeEnabled: ['repository', 'tag'], readEnabled: [] },
  },
  {
    what: 'move the tag by a push by digest',
    send: (test, repository) => test.putManifest(repository, `${digestOf(otherImage)}?tag=x&tag=v1`, otherImage),
    stoppedBy: { deleteEnabled: [], writeEnabled: ['repository', 'tag'], readEnabled: [] },
  },
  {
    what: 'push another',
    send: (test, repository) => test.putManifest(repository, 'v2', otherImage),
    stoppedBy: { deleteEnabled: [], writeEnabled: ['repository'], readEnabled: [] },
  },
  {
    what: 'begin an upload',
    send: (test, repository) => test.send('POST', `/v2/${repository}/blobs/uploads/`),
    stoppedBy: { deleteEnabled: [], writeEnabled: ['repository'], readEnabled: [] },
  },
  {
    what: 'push a whole blob',
    send: (test, repository) => {
      const target = `/v2/${repository}/blobs/uploads/?digest=${digestOf('another layer')}`
      return test.send('POST', target, { body: 'another layer' })
    },
    stoppedBy: { deleteEnabled: [], writeEnabled: ['repository'], readEnabled: [] },
  },
  {
    what: 'mount a blob',
    send: (test, repository) => {
      const query = `mount=${digestOf('elsewhere')}&from=${repository}/source`
      return test.send('POST', `/v2/${repository}/blobs/uploads/?${query}`)
    },
    stoppedBy: { deleteEnabled: [], writeEnabled: ['repository'], readEnabled: [] },
  },
  {
    what: 'delete a blob',
    send: (test, repository) => test.send('DELETE', `/v2/${repository}/blobs/${digestOf('unreferenced')}`),
    stoppedBy: { deleteEnabled: ['repository'], writeEnabled: ['repository'], readEnabled: [] },
  },
  {
    what: 'delete the manifest',
    send: (test, repository) => test.send('DELETE', `/v2/${repository}/manifests/${digestOf(image)}`),
    stoppedBy: {
      deleteEnabled: ['repository', 'tag', 'manifest'],
      writeEnabled: ['repository', 'tag', 'manifest'],
      readEnabled: [],
    },
  },
  {
    what: 'delete the tag',
    send: (test, repository) => test.send('DELETE', `/v2/${repository}/manifests/v1`),
    stoppedBy: { deleteEnabled: ['repository', 'tag'], writeEnabled: ['repository', 'tag'], readEnabled: [] },
  },
  {
    what: 'untag',
    send: (test, repository) => test.send('DELETE', `/acr/v1/${repository}/_tags/v1`),
    stoppedBy: { deleteEnabled: ['repository', 'tag'], writeEnabled: ['repository', 'tag'], readEnabled: [] },
  },
  {
    what: 'delete the repository',
    send: (test, repository) => test.send('DELETE', `/acr/v1/${repository}`),
    stoppedBy: {
      deleteEnabled: ['repository', 'tag', 'manifest'],
      writeEnabled: ['repository', 'tag', 'manifest'],
      readEnabled: [],
    },
  },
]

for (const kind of testDatabaseKinds) describe(`locks on ${kind}`, () => testLocks(kind))

function testLocks(kind: DatabaseKind): void {
  let test: TestRegistry
  let repository = ''
  let count = 0

  before(async () => {
    test = await openTestRegistry(kind)
  })
  beforeEach(async () => {
    repository = `locked-${(count += 1)}`
    await test.pushBlob(repository, config)
    await test.pushBlob(repository, 'layer')
    await test.pushBlob(repository, 'unreferenced')
    await test.pushBlob(`${repository}/source`, 'elsewhere')
    await test.putManifest(repository, 'v1', image)
    for (const reference of ['v1', digestOf(image)]) await test.send('GET', `/v2/${repository}/manifests/${reference}`)
  })
  after(() => test.dispose())

  const set = async (place: Place, change: Partial<Record<Lock | 'listEnabled', boolean>>) => {
    const below = { repository: '', tag: '/_tags/v1', manifest: `/_manifests/${digestOf(image)}` }[place]
    const answer = await test.send('PATCH', `/acr/v1/${repository}${below}`, { body: JSON.stringify(change) })
    assert.equal(answer.status, 200)
  }

  for (const { what, send, stoppedBy } of paths) {
    it(`${what}: prevented by the locks that cover it, and by no other, from the moment they are set`, async () => {
      for (const place of ['repository', 'tag', 'manifest'] as const) {
        for (const lock of ['deleteEnabled', 'writeEnabled', 'readEnabled'] as const) {
          if (!stoppedBy[lock].includes(place)) continue
          await set(place, { [lock]: false })
          const answer = await send(test, repository)
          assert.equal(answer.status, 405, `${lock} of the ${place}`)
          if (answer.text !== '') {
            assert.equal(answer.code, 'REGISTRY_DISALLOWED_OPERATION')
            assert.deepEqual((answer.json.errors as { detail: unknown }[])[0]?.detail, {})
          }
          await set(place, { [lock]: true })
        }
      }
      for (const place of ['repository', 'tag', 'manifest'] as const) {
        for (const lock of ['deleteEnabled', 'writeEnabled', 'readEnabled'] as const) {
          if (!stoppedBy[lock].includes(place)) await set(place, { [lock]: false })
        }
      }
      const answer = await send(test, repository)
      assert.ok(answer.status < 300, `${answer.status} ${answer.text}`)
    })
  }

  it('content that is locked against listing is omitted from every list, and still found by its name', async () => {
    await set('tag', { listEnabled: false })
    await set('manifest', { listEnabled: false })
    assert.deepEqual((await test.send('GET', `/v2/${repository}/tags/list`)).json.tags, [])
    assert.deepEqual((await test.send('GET', `/acr/v1/${repository}/_tags`)).json.tags, null)
    assert.deepEqual((await test.send('GET', `/acr/v1/${repository}/_manifests`)).json.manifests, null)
    assert.equal((await test.send('GET', `/acr/v1/${repository}/_tags/v1`)).status, 200)
    assert.equal((await test.send('GET', `/v2/${repository}/manifests/v1`)).status, 200)
  })

  it('no push to a tag succeeds after its lock was acknowledged', async () => {
    let isLocked = false
    const push = async () => {
      const afterLock = isLocked
      const answer = await test.putManifest(repository, 'v1', otherImage)
      return { afterLock, status: answer.status }
    }
    const pushes = [push(), push(), push()]
    const locking = set('tag', { writeEnabled: false })
    pushes.push(push(), push())
    await locking
    isLocked = true
    pushes.push(push(), push(), push(), push())
    for (const { afterLock, status } of await Promise.all(pushes)) {
      assert.ok(status === 201 || status === 405)
      if (afterLock) assert.equal(status, 405)
    }
    const digest = (await test.send('HEAD', `/v2/${repository}/manifests/v1`)).headers['docker-content-digest']
    assert.equal((await test.putManifest(repository, 'v1', image)).status, 405)
    assert.equal((await test.send('HEAD', `/v2/${repository}/manifests/v1`)).headers['docker-content-digest'], digest)
  })
}
