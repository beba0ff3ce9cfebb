import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { digestOf, openTestRegistry, seenFirst, type TestRegistry } from '../../../testing/registry/test-registry.ts'

for (const kind of testDatabaseKinds) describe(`outdated credentials on ${kind}`, () => testOutdated(kind))

/** What a credential of before the deletion of a repository may not do in the one that has its name now. */
function testOutdated(kind: DatabaseKind): void {
  let test: TestRegistry

  before(async () => {
    test = await openTestRegistry(kind)
    await test.pushImage('o/app', 'v1')
    await test.pushBlob('o/source', 'to be mounted')
    assert.equal((await test.send('DELETE', '/acr/v1/o%2Fapp')).status, 202)
  })
  after(() => test.dispose())

  const by = async <Result>(deletionsSeen: number, work: () => Promise<Result>): Promise<Result> => {
    test.gate.deletionsSeen = deletionsSeen
    return work()
  }
  const current = <Result>(work: () => Promise<Result>) => by(Infinity, work)
  const outdated = async (method: string, path: string) =>
    (await by(seenFirst, () => test.send(method, path, method === 'GET' ? {} : { body: 'x' }))).status

  it('an upload can be neither read, continued, finished nor cancelled', async () => {
    const path = await current(async () => (await test.send('POST', '/v2/o/app/blobs/uploads/')).headers.location ?? '')
    const ending = `${path}&digest=${digestOf('x')}`
    assert.deepEqual(
      [
        await outdated('GET', path),
        await outdated('PATCH', path),
        await outdated('PUT', ending),
        await outdated('DELETE', path),
      ],
      [401, 401, 401, 401],
    )
    assert.equal((await current(() => test.send('GET', path))).status, 204, 'it goes on')
  })

  it('no blob is mounted into it', async () => {
    const digest = digestOf('to be mounted')
    for (const query of [`mount=${digest}&from=o/source`, `mount=${digest}`]) {
      assert.equal(await outdated('POST', `/v2/o/app/blobs/uploads/?${query}`), 401, query)
    }
    assert.equal((await current(() => test.send('HEAD', `/v2/o/app/blobs/${digest}`))).status, 404)
    const mounted = await current(() => test.send('POST', `/v2/o/app/blobs/uploads/?mount=${digest}&from=o/source`))
    assert.equal(mounted.status, 201)
  })

  it('no blob of it is deleted', async () => {
    const digest = await current(() => test.pushBlob('o/app', 'to be kept'))
    assert.equal(await outdated('DELETE', `/v2/o/app/blobs/${digest}`), 401)
    assert.equal((await current(() => test.send('DELETE', `/v2/o/app/blobs/${digest}`))).status, 202)
  })
}
