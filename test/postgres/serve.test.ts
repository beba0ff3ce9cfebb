import assert from 'node:assert/strict'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { azHome, signIn } from '../clients/az/az.ts'
import { makeImage, pull, push } from '../clients/az/podman.ts'
import { requireClient } from '../harness/clients.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { basic, get, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { freePlace, runAcrux, startAcrux } from '../serve/acrux.ts'

test('az and podman sign in, push and pull at a server with its rows in PostgreSQL, also after a restart', async (t) => {
  if (!requirePostgres(t) || !requireClient(t, 'az', 'podman')) return
  await using postgres = await startTestPostgres()
  await using server = await startServer({ args: [...postgres.createDatabase('acrux').args, '--workers', '2'] })
  using az = azHome(server.caFile, { DOCKER_COMMAND: 'podman' })
  const { registry, loginServer } = server.firstRun
  await signIn(az, server)
  assert.match(await az.text('acr', 'login', '-n', registry), /Login Succeeded/)
  await makeImage(az.home, 'localhost/tiny:1', 'on PostgreSQL\n')
  const pushed = await push(az.home, 'localhost/tiny:1', `${loginServer}/team/app:1`)
  await server.restart()
  assert.equal(await pull(az.home, `${loginServer}/team/app:1`), pushed)
  assert.deepEqual(await az.json('acr', 'repository', 'list', '-n', registry), ['team/app'])
  assert.ok(!existsSync(join(server.dataDir, 'acrux.db')), 'no row is in the data directory')
  assert.match(server.output(), /main thread accepts all connections: workers do not support PostgreSQL/)
  assert.doesNotMatch(server.output(), /"level":(50|60)/)
})

test('the commands for a data directory work with its rows in PostgreSQL, and a wrong setting is rejected', async (t) => {
  if (!requirePostgres(t)) return
  await using postgres = await startTestPostgres()
  const database = postgres.createDatabase('acrux')
  await using server = await startServer({ args: database.args })
  const { appId, password } = server.firstRun.servicePrincipal
  const owner = basic(appId, password)
  await pushImage(server, 'team/app', '1', owner)
  const place = ['--data-dir', server.dataDir]
  const env = { ACRUX_DATABASE: database.url, ACRUX_DATABASE_PASSWORD_FILE: postgres.passwordFile }
  const succeeds = async (args: readonly string[], variables = env): Promise<string> => {
    const ran = await runAcrux([...args, ...place], { env: variables })
    assert.equal(ran.code, 0, `${args.join(' ')}: ${ran.stderr}`)
    return ran.stdout
  }
  const fails = async (args: readonly string[], code: number, why: RegExp, variables = env): Promise<void> => {
    const ran = await runAcrux([...args, ...place], { env: variables })
    assert.equal(ran.code, code, ran.stderr)
    assert.match(ran.stderr, why)
  }
  const none = {} as typeof env

  assert.match(await succeeds(['audit', 'verify']), /the audit log is intact/)
  await succeeds(['owner', 'reset'], none)
  await fails(['backup', 'create', join(server.dataDir, '..', 'backup')], 13, /pg_dump/)
  await server.stop()
  assert.match(await succeeds(['audit', 'list']), /owner\.reset/)
  await succeeds(['owner', 'reset'])
  assert.match(await succeeds(['scrub']), /no problems found/)
  await fails(['owner', 'reset'], 13, /are in PostgreSQL/, none)

  // The marker of an earlier version contains the id of the first subscription.
  database.query('delete from installation')
  rmSync(join(server.dataDir, 'blobs', 'installation'))
  writeFileSync(join(server.dataDir, 'rows-in-postgresql'), `${server.firstRun.subscriptionId}\n`)
  using here = await freePlace()
  await fails(['serve', '--listen', `127.0.0.1:${here.port}`], 13, /are in PostgreSQL/, none)
  await server.restart()
  assert.equal((await get(server, '/v2/team/app/manifests/1', owner)).status, 200)
  await server.stop()
  rmSync(join(server.dataDir, 'blobs', 'installation'))
  await fails(['serve', '--listen', `127.0.0.1:${here.port}`], 13, /are not in the directory/)

  // Data directories of other servers, with rows in a file and in another database.
  using inFile = await freePlace()
  using elsewhere = await freePlace()
  const events = (): string => database.query('select count(*) from audit_event')
  const before = events()
  using sameKey = await freePlace()
  const others = postgres.createDatabase('other').args
  const ownKey = { ACRUX_MASTER_KEY: `file:${join(server.dataDir, 'master.key')}` }
  for (const [foreign, flags, key, code, why] of [
    [inFile, [], {}, 13, /are in the file acrux\.db/],
    [elsewhere, others, {}, 14, /master\.key is not the key of this database/],
    [sameKey, postgres.createDatabase('third').args, ownKey, 13, /are not in the directory/],
  ] as const) {
    {
      await using first = await startAcrux([...foreign.args, ...flags], { env: key })
      first.signal('SIGTERM')
      await first.ended
    }
    const ran = await runAcrux(['serve', ...foreign.args], { env: { ...env, ...key } })
    assert.equal(ran.code, code, ran.stderr)
    assert.match(ran.stderr, why)
    assert.doesNotMatch(ran.stderr, /altered/)
    const scrub = ['scrub', '--repair', '--data-dir', foreign.dataDir]
    assert.equal((await runAcrux(scrub, { env: { ...env, ...key } })).code, code)
  }
  assert.equal(events(), before, 'nothing was written')
})
