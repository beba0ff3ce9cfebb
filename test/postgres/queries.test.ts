import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { expectStatus } from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { accessToken, basic, pushImage, registryUrl } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'

const pulls = 100

test('a pull by digest with a valid lease needs no query, and one by tag needs one', async (t) => {
  if (!requirePostgres(t)) return
  await using postgres = await startTestPostgres({ settings: { shared_preload_libraries: 'pg_stat_statements' } })
  const database = postgres.createDatabase('acrux')
  database.query('create extension pg_stat_statements')
  await using server = await startServer({ args: [...database.args, '--gc-interval-seconds', '3600'] })
  const { appId, password } = server.firstRun.servicePrincipal
  const image = await pushImage(server, 'team/app', '1', basic(appId, password))
  const login = { username: appId, password }
  const authorization = `Bearer ${await accessToken(server, login, ['repository:team/app:pull'])}`
  const { caFile } = server
  const pull = async (method: string, path: string): Promise<void> => {
    const url = `${registryUrl(server)}/v2/team/app/${path}`
    expectStatus(await request({ method, url, headers: { authorization }, caFile }), 200)
  }
  /** The queries that as many pulls have caused, without those of the lease and of jobs, which run a few times a second at most. */
  const queriesOf = async (method: string, path: string): Promise<string[]> => {
    await pull(method, path)
    // What was done before the pulls, and jobs that follow it, are over then.
    await sleep(2_000)
    database.query('select pg_stat_statements_reset()')
    for (let count = 0; count < pulls; count += 1) await pull(method, path)
    const often = `select calls || ' ' || regexp_replace(query, '\\s+', ' ', 'g') from pg_stat_statements where calls >= ${pulls / 2}`
    return database.query(often).split('\n').filter(Boolean)
  }

  const manifest = `manifests/${image.digest}`
  const blob = `blobs/${image.config.digest}`
  for (const [method, path] of [
    ['GET', manifest],
    ['HEAD', manifest],
    ['GET', blob],
    ['HEAD', blob],
  ] as const) {
    assert.deepEqual(await queriesOf(method, path), [], `${method} ${path}`)
  }
  const queries = await queriesOf('GET', 'manifests/1')
  assert.equal(queries.length, 1, queries.join('\n'))
  assert.match(queries[0] ?? '', new RegExp(`^${pulls} select "manifest"\\.`))
})
