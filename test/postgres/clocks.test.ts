import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { arm, armToken, expectStatus } from '../harness/arm.ts'
import { type HttpResponse, request } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { basic, digestOf, pushImage, registryUrl } from '../harness/registry.ts'
import { startReplica } from '../harness/replica.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { until } from '../harness/until.ts'

const hourMs = 3_600_000

test('servers whose clocks differ by hours', async (t) => {
  if (!requirePostgres(t)) return
  await using postgres = await startTestPostgres()
  using scratch = tempDir('clocks')
  const clockFile = join(scratch.path, 'clock')
  const database = postgres.createDatabase('acrux')
  const args = ['--gc-grace-period-seconds', '1800', '--upload-expiry-seconds', '1800', '--gc-interval-seconds', '3600']
  await using right = await startServer({ args: [...database.args, ...args] })
  await using wrong = await startReplica(right, database, {
    args,
    env: {
      NODE_OPTIONS: `--import ${new URL('../chaos/clock.mjs', import.meta.url).href}`,
      CHAOS_CLOCK_FILE: clockFile,
    },
  })
  const { servicePrincipal, subscriptionId } = right.firstRun
  const authorization = basic(servicePrincipal.appId, servicePrincipal.password)
  const send = (on: RunningServer, method: string, path: string, body?: Buffer): Promise<HttpResponse> =>
    request({
      method,
      url: new URL(path, registryUrl(right)),
      caFile: on.caFile,
      headers: { authorization },
      ...(body !== undefined && { body }),
    })
  const begin = async (on: RunningServer): Promise<string> =>
    expectStatus(await send(on, 'POST', '/v2/team/app/blobs/uploads/'), 202).headers.location ?? ''
  const setClock = async (offsetMs: number): Promise<void> => {
    writeFileSync(clockFile, String(offsetMs))
    process.kill(wrong.pid, 'SIGUSR2')
    await until('the clock has moved', async () => {
      const [, claims = ''] = (await armToken(wrong)).split('.')
      const issuedAt = Number(at(JSON.parse(Buffer.from(claims, 'base64url').toString()), 'iat'))
      return Math.abs(issuedAt * 1000 - Date.now() - offsetMs) < hourMs / 2
    })
  }
  const garbage = `/subscriptions/${subscriptionId}/providers/Acrux.Server/garbageCollection`
  const collect = async (): Promise<void> => {
    expectStatus(await arm(wrong, 'POST', garbage), 202)
    await until('the collection is over', async () => {
      return at(expectStatus(await arm(wrong, 'GET', garbage), 200).json(), 'last', 'state') === 'completed'
    })
  }
  await pushImage(right, 'team/app', '1', authorization)

  // A transaction sees the changes of a sequence at once.
  database.query(`create sequence holding;
    create function hold() returns trigger language plpgsql as $$
      begin while (select last_value from holding) = 2 loop perform pg_sleep(0.02); end loop; return null; end $$;
    create trigger hold before insert on blob for each statement execute function hold()`)

  await t.test('a server with a wrong clock reports it, and is not ready if the difference is large', async () => {
    const ready = (on: RunningServer): Promise<HttpResponse> =>
      request({ url: `${right.baseUrl}/readyz`, caFile: on.caFile })
    const shift = async (offsetMs: number, status: number, expected: RegExp): Promise<void> => {
      writeFileSync(clockFile, String(offsetMs))
      process.kill(wrong.pid, 'SIGUSR2')
      await until(`the report matches ${String(expected)}`, async () => {
        const report = await ready(wrong)
        const clock = listAt(report.json(), 'components').find((component) => at(component, 'name') === 'clock')
        return report.status === status && expected.test(`${stringAt(clock, 'state')}: ${stringAt(clock, 'message')}`)
      })
    }
    await shift(-hourMs / 60, 200, /^degraded: The clock is (59|60|61) seconds behind the clock of PostgreSQL\.$/)
    await shift(-hourMs, 503, /^unavailable: .* behind/)
    await shift(hourMs, 503, /^unavailable: .* ahead of/)
    assert.equal((await ready(right)).status, 200)
    await shift(0, 200, /^ok: /)
    const said = wrong
      .output()
      .split('\n')
      .filter((line) => line.includes('the clocks of this server and of PostgreSQL'))
    assert.equal(said.length, 2, said.join('\n'))
    assert.match(said[0] ?? '', /"aheadSeconds":-\d+.* differ"/)
    assert.match(said[1] ?? '', /agree again"/)
  })

  await t.test('a collection of a server whose clock is ahead keeps bytes that another one commits', async () => {
    await setClock(2 * hourMs)
    const bytes = randomBytes(100_000)
    const location = await begin(wrong)
    database.query(`select setval('holding', 2)`)
    const finished = send(right, 'PUT', `${location}&digest=${digestOf(bytes)}`, bytes)
    await until('the commit waits', () => {
      return database.query(`select count(*) from pg_stat_activity where wait_event = 'PgSleep'`) !== '0'
    })
    await collect()
    database.query(`select setval('holding', 1)`)
    expectStatus(await finished, 201)
    for (const on of [right, wrong]) {
      const read = expectStatus(await send(on, 'GET', `/v2/team/app/blobs/${digestOf(bytes)}`), 200)
      assert.ok(read.body.equals(bytes))
    }
  })

  await t.test('a collection of a server whose clock is ahead keeps what has not expired', async () => {
    const [loose, staged] = [randomBytes(1000), randomBytes(1000)]
    const pushed = `/v2/team/app/blobs/uploads/?digest=${digestOf(loose)}`
    expectStatus(await send(right, 'POST', pushed, loose), 201)
    const location = await begin(right)
    expectStatus(await send(right, 'PATCH', location, staged), 202)
    await setClock(2 * hourMs)
    await collect()
    expectStatus(await send(right, 'GET', `/v2/team/app/blobs/${digestOf(loose)}`), 200)
    expectStatus(await send(right, 'PUT', `${location}&digest=${digestOf(staged)}`), 201)
  })
})
