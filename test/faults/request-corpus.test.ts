import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { requireClient } from '../harness/clients.ts'
import { stringAt } from '../harness/json.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { basic, get, pushImage } from '../harness/registry.ts'
import { startReplica } from '../harness/replica.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { freePlace, startAcrux } from '../serve/acrux.ts'
import { startReverseProxy } from '../serve/reverse-proxy.ts'
import { sendOddRequests } from './send-odd-requests.ts'

/** One client sends all, so it may use the whole server. */
const onlyErrors = ['--log-level', 'error', '--limits-processor-percent-per-caller', '100']

/** Lines of the log: failures of the server, such as a worker that ended. */
function failuresIn(output: string): string[] {
  return output.split('\n').filter((line) => line.startsWith('{'))
}

function placeOf({ port, caFile, firstRun }: RunningServer) {
  const { loginServer, servicePrincipal } = firstRun
  const authorization = basic(servicePrincipal.appId, servicePrincipal.password)
  return { port, caFile, host: loginServer, authorization, isDirect: true }
}

for (const workers of [1, 2]) {
  test(`a server with ${workers === 1 ? 'no' : workers} workers answers no odd request with a 5xx, and continues to serve`, async () => {
    await using server = await startServer({ args: [...onlyErrors, '--workers', `${workers}`] })
    const place = placeOf(server)
    await pushImage(server, 'team/app', '1', place.authorization)
    const said = server.output().length
    await sendOddRequests(place)
    // A worker in which a request is still open does not end by itself, and is reported.
    await server.stop()
    assert.deepEqual(failuresIn(server.output().slice(said)), [])
  })
}

test('a server with workers behind a reverse proxy answers no odd request with a 5xx', async (t) => {
  if (!requireClient(t, 'nginx', 'openssl')) return
  using place = await freePlace()
  await using proxy = await startReverseProxy('nginx', place.port)
  const host = `localhost:${proxy.port}`
  const args = ['--http', '--behind-proxy', '127.0.0.1', '--public-host', host, '--workers', '2', ...onlyErrors]
  await using server = await startAcrux([...place.args, ...args])
  await proxy.ready()
  const firstRun: unknown = JSON.parse(readFileSync(join(place.dataDir, 'first-run.json'), 'utf8'))
  const owner = (key: string): string => stringAt(firstRun, 'servicePrincipal', key)
  const authorization = basic(owner('appId'), owner('password'))
  await sendOddRequests({ port: proxy.port, caFile: proxy.caFile, host, authorization, isDirect: false })
  assert.deepEqual(failuresIn(server.stdout() + server.stderr()), [])
})

test('three servers on one PostgreSQL answer no odd request with a 5xx, and all continue to serve', async (t) => {
  if (!requirePostgres(t)) return
  await using postgres = await startTestPostgres()
  const database = postgres.createDatabase('acrux')
  await using first = await startServer({ args: [...database.args, ...onlyErrors] })
  await using second = await startReplica(first, database, { args: onlyErrors })
  await using third = await startReplica(first, database, { args: onlyErrors })
  const servers = [first, second, third]
  const places = servers.map(placeOf)
  const { authorization } = placeOf(first)
  await pushImage(first, 'team/app', '1', authorization)
  const said = servers.map((server) => server.output().length)
  // Beside its odd requests, each server gets ordinary ones.
  await Promise.all(places.map(sendOddRequests))
  for (const server of servers) await pushImage(server, 'team/app', `${server.port}`, authorization)
  for (const [index, server] of servers.entries()) {
    for (const { port } of servers) {
      assert.equal((await get(server, `/v2/team/app/manifests/${port}`, authorization)).status, 200)
    }
    assert.deepEqual(failuresIn(server.output().slice(said[index])), [])
  }
})
