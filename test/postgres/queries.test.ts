import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { accessToken, basic, get, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'

const pulls = 100

test('a pull with a valid lease needs no query for the decision, and one for the manifest', async (t) => {
  if (!requirePostgres(t)) return
  await using postgres = await startTestPostgres({ settings: { shared_preload_libraries: 'pg_stat_statements' } })
  const database = postgres.createDatabase('acrux')
  database.query('create extension pg_stat_statements')
  await using server = await startServer({ args: [...database.args, '--gc-interval-seconds', '3600'] })
  const { appId, password } = server.firstRun.servicePrincipal
  const image = await pushImage(server, 'team/app', '1', basic(appId, password))
  const login = { username: appId, password }
  const token = await accessToken(server, login, ['repository:team/app:pull'])
  const pull = async (reference: string): Promise<void> => {
    assert.equal((await get(server, `/v2/team/app/manifests/${reference}`, `Bearer ${token}`)).status, 200)
  }
  /** The queries that as many pulls have caused, without those of the lease and of jobs, which run a few times a second at most. */
  const queriesOf = async (reference: string): Promise<string[]> => {
    await pull(reference)
    // What was done before the pulls, and jobs that follow it, are over then.
    await sleep(2_000)
    database.query('select pg_stat_statements_reset()')
    for (let count = 0; count < pulls; count += 1) await pull(reference)
    const often = `select calls || ' ' || regexp_replace(query, '\\s+', ' ', 'g') from pg_stat_statements where calls >= ${pulls / 2}`
    return database.query(often).split('\n')
  }

  for (const reference of [image.digest, '1']) {
    const queries = await queriesOf(reference)
    assert.equal(queries.length, 1, queries.join('\n'))
    assert.match(queries[0] ?? '', new RegExp(`^${pulls} select "manifest"\\.`))
  }
})
