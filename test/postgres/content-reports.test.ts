import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { arm, expectStatus } from '../harness/arm.ts'
import { freePort } from '../harness/free-port.ts'
import { request } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startReplica } from '../harness/replica.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { fileOfBlob, flipBit } from '../harness/stored-blobs.ts'
import { until } from '../harness/until.ts'

test('what three servers on one PostgreSQL report of stored content', async (t) => {
  if (!requirePostgres(t)) return
  await using postgres = await startTestPostgres()
  const database = postgres.createDatabase('acrux')
  const ports = [await freePort(), await freePort(), await freePort()]
  const argsOf = (port = 0): string[] => ['--gc-interval-seconds', '1', '--metrics-listen', `127.0.0.1:${port}`]
  await using server = await startServer({ args: [...database.args, ...argsOf(ports[0])] })
  await using second = await startReplica(server, database, { args: argsOf(ports[1]) })
  await using third = await startReplica(server, database, { args: argsOf(ports[2]) })
  const servers = [server, second, third]
  const path = `/subscriptions/${server.firstRun.subscriptionId}/providers/Acrux.Server/scrub?api-version=2024-11-01`
  const reported = async (by: RunningServer): Promise<unknown> =>
    at(expectStatus(await arm(by, 'GET', path), 200).json(), 'requested')
  const startOn = async (one: RunningServer, repair: boolean): Promise<unknown> =>
    at(expectStatus(await arm(one, 'POST', path, { repair }), 202).json(), 'requested')
  /** All of them report the same. */
  const untilAll = async (state: string): Promise<unknown> => {
    for (const each of servers) {
      await until(`a scrub is ${state}`, async () => stringAt(await reported(each), 'state') === state)
    }
    const [first, ...others] = await Promise.all(servers.map(reported))
    for (const other of others) assert.deepEqual(other, first)
    return first
  }

  await t.test('each reports a scrub that was requested from another one', async () => {
    for (const each of servers) assert.equal(await reported(each), null)
    const { appId, password } = server.firstRun.servicePrincipal
    const image = await pushImage(server, 'team/app', '1', basic(appId, password))
    const layer = image.layers[0]?.digest ?? ''
    flipBit(fileOfBlob(server.dataDir, layer))
    await startOn(second, true)
    const report = await untilAll('completed')
    assert.equal(at(report, 'repair'), true)
    assert.equal(at(report, 'progress'), 1)
    assert.equal(stringAt(listAt(report, 'findings')[0], 'subject'), layer)
    await startOn(third, false)
    assert.equal(at(await untilAll('completed'), 'repair'), false)
  })

  await t.test('one that runs in another server is not started again, until that server has stopped', async () => {
    const process = readFileSync(join(third.dataDir, 'process'), 'utf8')
    database.query(`update content_report set process = '${process}',
      report = (report::jsonb || '{"state": "running", "startedAtMs": 1}')::text where name = 'requested-scrub'`)
    // The third server itself knows that it runs none.
    for (const each of [server, second]) {
      assert.equal(stringAt(await reported(each), 'startedAt'), '1970-01-01T00:00:00.001Z')
      assert.equal(stringAt(await startOn(each, true), 'startedAt'), '1970-01-01T00:00:00.001Z')
      assert.equal(stringAt(await reported(each), 'state'), 'running')
    }
    assert.equal(stringAt(await reported(third), 'state'), 'running')
    await third.kill()
    await until('the scrub is stopped', async () => stringAt(await reported(server), 'state') === 'stopped')
    await third.restart()
    await untilAll('stopped')
    await startOn(third, true)
    await untilAll('completed')
  })

  await t.test('the metrics of each say when the last garbage collection was completed', async () => {
    const collected = async (port: number): Promise<number> => {
      const text = (await request({ url: `http://127.0.0.1:${port}/metrics` })).text()
      return Number(/^acrux_garbage_collected_timestamp_seconds (\S+)$/m.exec(text)?.[1])
    }
    for (const port of ports) {
      await until('a collection is reported', async () => (await collected(port)) > 0)
      const before = await collected(port)
      await until('a later one is reported', async () => (await collected(port)) > before)
    }
  })
})
