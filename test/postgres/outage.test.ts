import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { prepareSurfaceWrites, requireErrorFormat } from '../faults/surface-writes.ts'
import { expectStatus } from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { accessToken, basic, get, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'

test('while PostgreSQL is away, every surface responds 503 with Retry-After; when it is back, all works again', async (t) => {
  if (!requirePostgres(t)) return
  // It is killed, so that it is away at once.
  await using postgres = await startTestPostgres({ settings: { synchronous_commit: 'on' } })
  await using server = await startServer({ args: postgres.createDatabase('acrux').args })
  const { appId, password } = server.firstRun.servicePrincipal
  const authorization = basic(appId, password)
  const { digest } = await pushImage(server, 'team/app', '1', authorization)
  const writes = await prepareSurfaceWrites(server)
  const { pid } = server
  const pulls = async (): Promise<number> => (await get(server, '/v2/team/app/manifests/1', authorization)).status
  const isReady = async (): Promise<number> =>
    (await request({ url: `${server.baseUrl}/readyz`, caFile: server.caFile })).status

  const token = await accessToken(server, { username: appId, password }, ['repository:team/app:pull'])
  const byDigest = async (): Promise<number> =>
    (await get(server, `/v2/team/app/manifests/${digest}`, `Bearer ${token}`)).status
  assert.equal(await byDigest(), 200)
  // The processes are killed at once, but they take their time to end, during which the lease may end.
  const killed = postgres.kill('all')
  const statuses: number[] = []
  await until('the lease has ended', async () => statuses.push(await byDigest()) > 0 && statuses.at(-1) !== 200)
  assert.equal(statuses[0], 200, 'a pull that needs no row goes on during the lease')
  assert.equal(statuses.at(-1), 503)
  await killed
  for (const [surface, write] of Object.entries(writes)) {
    const answer = await write()
    assert.equal(answer.status, 503, `${surface}: ${'html' in answer ? answer.html : answer.text()}`)
    assert.match(String(answer.headers['retry-after']), /^[1-9]\d*$/, surface)
    requireErrorFormat(surface, answer)
  }
  await until('a pull is 503', async () => (await pulls()) === 503)
  await until('the server is not ready', async () => (await isReady()) === 503)
  await postgres.resume()
  await until('a pull succeeds', async () => (await pulls()) === 200)
  await until('the server is ready', async () => (await isReady()) === 200)
  for (const [surface, write] of Object.entries(writes)) {
    const { status } = await write()
    assert.ok(status < 400, `${surface} is ${status} although PostgreSQL is back`)
  }
  assert.equal(server.pid, pid, 'the process is the same')
  assert.equal((await server.stop()).code, 0, server.output().slice(-3000))
})

test('connections that PostgreSQL ends between or within transactions fail no push, except during its commit', async (t) => {
  if (!requirePostgres(t)) return
  await using postgres = await startTestPostgres()
  const database = postgres.createDatabase('acrux')
  await using server = await startServer({ args: database.args })
  const { appId, password } = server.firstRun.servicePrincipal
  const authorization = basic(appId, password)
  let ended = 0
  /** The time between two ends. On a busy machine, work that is ended every 50 ms would never be done. */
  let pauseMs = 50
  const pushed = new AbortController()
  const ending = (async () => {
    while (!pushed.signal.aborted) {
      // A statement that runs may be the commit.
      ended += Number(
        database.query(`select count(*) from (select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = 'acrux' and state in ('idle', 'idle in transaction')) as ended`),
      )
      await sleep(pauseMs)
    }
  })()
  // The commit may begin just before its connection is ended. Its loss has to be reported: the transaction may be stored. A read
  // is reported where the connection of its second attempt was ended, too.
  let repeated = 0
  const untilServed = async (work: () => Promise<unknown>): Promise<void> => {
    for (;;) {
      const beganMs = performance.now()
      try {
        await work()
        pauseMs = Math.max(50, (performance.now() - beganMs) / 3, pauseMs / 2)
        return
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('status 503')) || repeated === 20) throw error
        repeated += 1
        pauseMs *= 2
      }
    }
  }
  try {
    for (let number = 1; number <= 20; number += 1) {
      await untilServed(() => pushImage(server, `team/app${number}`, '1', authorization))
      const path = `/v2/team/app${number}/manifests/1`
      await untilServed(async () => expectStatus(await get(server, path, authorization), 200))
    }
  } finally {
    pushed.abort()
    await ending
  }
  assert.ok(ended > 10, `${ended} connections were ended`)
  t.diagnostic(`connections that were ended: ${ended}; requests that were repeated: ${repeated} of 40`)
})
