import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { arm, expectStatus } from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { at, listAt } from '../harness/json.ts'
import { runAcrux } from '../serve/acrux.ts'
import { accessToken, basic, pushImage, registryUrl } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { until } from '../harness/until.ts'

const scratch = tempDir('server-maintenance').path
const directory = join(scratch, 'backups')
const server = await startServer({
  args: ['--gc-interval-seconds', '3600', '--gc-grace-period-seconds', '1', '--backup-directory', directory],
})
after(() => server[Symbol.asyncDispose]())
const { appId, password } = server.firstRun.servicePrincipal

const ask = (method: 'GET' | 'POST', name: string, body?: unknown) =>
  arm(server, method, `/subscriptions/${server.firstRun.subscriptionId}/providers/Acrux.Server/${name}`, body)
const read = async (name: string) => expectStatus(await ask('GET', name), 200).json()

test('a requested garbage collection deletes what nothing refers to, and reports how much it freed', async () => {
  assert.equal(at(await read('garbageCollection'), 'last'), null)
  const layer = Buffer.alloc(300_000, 'x')
  const { digest } = await pushImage(server, 'team/app', { tag: '1', layers: [layer] }, basic(appId, password))
  const token = await accessToken(server, { username: appId, password }, ['repository:team/app:delete'])
  const headers = { authorization: `Bearer ${token}` }
  const url = `${registryUrl(server)}/v2/team/app/manifests/${digest}`
  expectStatus(await request({ method: 'DELETE', url, headers, caFile: server.caFile }), 202)
  await until('the grace period of the layer has expired, and it is collected', async () => {
    expectStatus(await ask('POST', 'garbageCollection'), 202)
    await until('the collection is over', async () => {
      return at(await read('garbageCollection'), 'last', 'state') === 'completed'
    })
    return Number(at(await read('garbageCollection'), 'last', 'counts', 'bytes')) >= layer.length
  })
  const found = await read('garbageCollection')
  assert.equal(at(found, 'last', 'progress'), 1)
  assert.deepEqual(at(found, 'lastCompleted', 'counts'), at(found, 'last', 'counts'))
  assert.equal(at(found, 'intervalSeconds'), 3600)
  const events = await read(`auditEvents?$filter=${encodeURIComponent("action eq 'garbage-collection.start'")}`)
  assert.ok(listAt(events, 'value').length > 0)
})

test('a requested backup is written to the configured directory only, one at a time, and verifies', async () => {
  const elsewhere = join(scratch, 'elsewhere')
  await pushImage(server, 'team/app', '2', basic(appId, password))
  const empty = await read('backup')
  assert.deepEqual([at(empty, 'availability'), at(empty, 'count')], ['available', 0])
  let startedCount = 0
  // A backup of so little may be complete before the next request arrives.
  await until('a backup is denied because another one runs', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => ask('POST', 'backup', { directory: elsewhere })))
    const started = answers.filter(({ status }) => status === 202)
    const denied = answers.filter(({ status }) => status === 409)
    assert.equal(started.length + denied.length, answers.length)
    for (const answer of started) assert.equal(at(answer.json(), 'last', 'state'), 'running')
    for (const answer of denied) assert.match(String(at(answer.json(), 'error', 'message')), /A backup is running/)
    startedCount += started.length
    await until('the backup is complete', async () => at(await read('backup'), 'last', 'state') === 'completed')
    return denied.length > 0
  })
  const found = await read('backup')
  assert.equal(at(found, 'count'), startedCount)
  assert.equal(at(found, 'value', '0', 'id'), at(found, 'last', 'id'))
  assert.deepEqual([at(found, 'value', '0', 'damaged'), at(found, 'value', '0', 'hasKeys')], [0, false])
  assert.equal(existsSync(elsewhere), false)
  const verified = await runAcrux(['backup', 'verify', directory])
  assert.equal(verified.code, 0, verified.stderr)
})
