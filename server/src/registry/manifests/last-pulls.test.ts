import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { openTestRegistry, type TestRegistry } from '../../../testing/registry/test-registry.ts'

for (const kind of testDatabaseKinds) describe(`last pulls on ${kind}`, () => testLastPulls(kind))

type Listed = { readonly lastPullTime?: string; readonly digest: string; readonly name?: string }

function testLastPulls(kind: DatabaseKind): void {
  let test: TestRegistry
  before(async () => {
    test = await openTestRegistry(kind)
  })
  after(() => test.dispose())

  const at = (minute: number) => {
    test.clock.nowMs = Date.UTC(2031, 0, 1, 0, minute)
    return `2031-01-01T00:${String(minute).padStart(2, '0')}:00Z`
  }
  const pull = async (repository: string, reference: string) =>
    assert.equal((await test.send('GET', `/v2/${repository}/manifests/${reference}`)).status, 200)
  const tagOf = async (repository: string, tag: string) =>
    (await test.send('GET', `/acr/v1/${repository}/_tags/${tag}`)).json['tag'] as Listed
  const manifestOf = async (repository: string, digest: string) =>
    (await test.send('GET', `/acr/v1/${repository}/_manifests/${digest}`)).json['manifest'] as Listed
  const rows = () =>
    test.database.tables<{ last_pull: { reference: string } }>().selectFrom('last_pull').selectAll().execute()

  it('a manifest and its tag show their last pull time before, during and after the write of the time', async () => {
    at(0)
    const digest = await test.pushImage('seen', 'v1')
    assert.equal((await tagOf('seen', 'v1')).lastPullTime, undefined)
    const pulled = at(1)
    await pull('seen', 'v1')
    for (const state of ['recorded', 'being written', 'written']) {
      const written = state === 'being written' ? test.registry.flushLastPulls() : undefined
      if (state === 'written') await test.registry.flushLastPulls()
      assert.equal((await tagOf('seen', 'v1')).lastPullTime, pulled, state)
      assert.equal((await manifestOf('seen', digest)).lastPullTime, pulled)
      const { manifests } = (await test.send('GET', '/acr/v1/seen/_manifests')).json as { manifests: Listed[] }
      assert.equal(manifests[0]?.lastPullTime, pulled)
      const { tags } = (await test.send('GET', '/acr/v1/seen/_tags')).json as { tags: Listed[] }
      assert.equal(tags[0]?.lastPullTime, pulled, state)
      await written
    }
    const later = at(2)
    await pull('seen', digest)
    assert.equal((await tagOf('seen', 'v1')).lastPullTime, pulled, 'a pull by digest is none of the tag')
    assert.equal((await manifestOf('seen', digest)).lastPullTime, later)
    await test.registry.flushLastPulls()
    assert.equal((await manifestOf('seen', digest)).lastPullTime, later)
  })

  it('a HEAD, a GET that returns 304 and a denied pull are not pulls', async () => {
    at(10)
    const digest = await test.pushImage('unseen', 'v1')
    at(11)
    await test.send('HEAD', '/v2/unseen/manifests/v1')
    const { status } = await test.send('GET', '/v2/unseen/manifests/v1', {
      headers: { 'if-none-match': `"${digest}"` },
    })
    assert.equal(status, 304)
    test.gate.denies = true
    await test.send('GET', '/v2/unseen/manifests/v1')
    test.gate.denies = false
    assert.equal((await tagOf('unseen', 'v1')).lastPullTime, undefined)
    assert.equal((await manifestOf('unseen', digest)).lastPullTime, undefined)
  })

  it('a tag that was deleted and created again does not show the pull of the deleted tag', async () => {
    at(20)
    await test.pushImage('again', 'v1', 'one')
    at(21)
    await pull('again', 'v1')
    await test.registry.flushLastPulls()
    await test.send('DELETE', '/acr/v1/again/_tags/v1')
    at(22)
    await test.pushImage('again', 'v1', 'two')
    assert.equal((await tagOf('again', 'v1')).lastPullTime, undefined)
  })

  it('the next collection deletes the last pull times of deleted content', async () => {
    at(30)
    const digest = await test.pushImage('swept', 'v1', 'swept')
    at(31)
    await pull('swept', 'v1')
    await test.registry.flushLastPulls()
    const held = async () => (await rows()).filter(({ reference }) => reference === digest).length
    assert.equal(await held(), 1)
    await test.registry.collectGarbage()
    assert.equal(await held(), 1)
    assert.equal((await test.send('DELETE', `/v2/swept/manifests/${digest}`)).status, 202)
    await test.registry.collectGarbage()
    assert.equal(await held(), 0)
  })

  it('a thousand pulls need two writes: one for the times and one for the counts', async () => {
    at(40)
    await test.pushImage('busy', 'v1')
    const commits = () => test.database.writerLoad().commitSeconds.counts.reduce((sum, count) => sum + count, 0)
    const before = { commits: commits(), rows: (await rows()).length }
    for (let index = 0; index < 1000; index += 1) await pull('busy', 'v1')
    assert.equal(commits(), before.commits, 'no pull is written by itself')
    await test.registry.flushLastPulls()
    assert.equal(commits(), before.commits + 2)
    assert.equal((await rows()).length, before.rows + 2)
  })
}
