import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assignRole, createServicePrincipal, registryId, removeRole, roles } from '../harness/arm.ts'
import { freePort } from '../harness/free-port.ts'
import { type HttpResponse, request } from '../harness/http.ts'
import { type TestDatabase, requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { accessToken, basic, pushImage } from '../harness/registry.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { until } from '../harness/until.ts'
import { startAcrux } from '../serve/acrux.ts'

/** The length of a lease. */
const leaseMs = 2000

interface Replica extends AsyncDisposable {
  signal(name: NodeJS.Signals): void
  /** Lists the tags of `team/app`. */
  list(authorization: string): Promise<HttpResponse>
}

/** Starts a second server on the database of the first, with its master key, public host and blobs. */
async function startReplica(server: RunningServer, database: TestDatabase): Promise<Replica> {
  const home = tempDir('replica')
  const dataDir = join(home.path, 'data')
  mkdirSync(dataDir, { mode: 0o700 })
  symlinkSync(join(server.dataDir, 'blobs'), join(dataDir, 'blobs'))
  const port = await freePort()
  const args = ['--data-dir', dataDir, '--listen', `127.0.0.1:${port}`, '--public-host', server.firstRun.loginServer]
  const key = ['--master-key', `file:${join(server.dataDir, 'master.key')}`]
  const started = await startAcrux([...args, ...database.args, ...key])
  return {
    signal: (name) => started.signal(name),
    list: (authorization) =>
      request({
        url: `https://localhost:${port}/v2/team/app/tags/list`,
        headers: { authorization, host: server.firstRun.loginServer },
        caFile: join(dataDir, 'tls', 'ca.pem'),
      }),
    async [Symbol.asyncDispose]() {
      started.signal('SIGCONT')
      started.signal('SIGTERM')
      await started.ended
      home.remove()
    },
  }
}

test('two servers on one PostgreSQL: what one revokes, the other denies from the next request on', async (t) => {
  if (!requirePostgres(t)) return
  await using postgres = await startTestPostgres()
  const database = postgres.createDatabase('acrux')
  await using server = await startServer({ args: database.args })
  await using replica = await startReplica(server, database)
  const { servicePrincipal } = server.firstRun
  await pushImage(server, 'team/app', '1', basic(servicePrincipal.appId, servicePrincipal.password))
  const guest = await createServicePrincipal(server, 'guest')
  const login = { username: guest.appId, password: guest.password }
  const give = (): Promise<string> => assignRole(server, guest.objectId, roles.acrPull, registryId(server))
  const tokenOf = async (): Promise<string> => {
    return `Bearer ${await accessToken(server, login, ['repository:team/app:pull,metadata_read'])}`
  }

  const times: number[] = []
  for (let round = 0; round < 20; round += 1) {
    const assignment = await give()
    const bearer = await tokenOf()
    const password = basic(guest.appId, guest.password)
    for (const authorization of [bearer, password]) assert.equal((await replica.list(authorization)).status, 200)
    const beganMs = performance.now()
    await removeRole(server, assignment)
    times.push(performance.now() - beganMs)
    for (const authorization of [bearer, password]) assert.notEqual((await replica.list(authorization)).status, 200)
  }
  const sorted = times.toSorted((a, b) => a - b).map(Math.round)
  t.diagnostic(`milliseconds of a revocation: ${sorted[10]} (median), ${sorted.at(-1)} (maximum)`)

  const assignment = await give()
  const bearer = await tokenOf()
  assert.equal((await replica.list(bearer)).status, 200)
  replica.signal('SIGSTOP')
  const beganMs = performance.now()
  await removeRole(server, assignment)
  const tookMs = performance.now() - beganMs
  t.diagnostic(`milliseconds of a revocation with a stopped server: ${Math.round(tookMs)}`)
  assert.ok(tookMs < 3 * leaseMs, `${tookMs} ms`)
  const late = replica.list(bearer)
  replica.signal('SIGCONT')
  assert.notEqual((await late).status, 200)
  await give()
  await until('the replica allows it again', async () => (await replica.list(await tokenOf())).status === 200)
})
