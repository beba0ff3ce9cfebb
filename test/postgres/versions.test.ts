import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assignRole, createServicePrincipal, registryId, removeRole, roles } from '../harness/arm.ts'
import { type FurtherMigration, newerVersion } from '../harness/other-version.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { accessToken, basic, get, pushImage } from '../harness/registry.ts'
import { startReplica } from '../harness/replica.ts'
import { type RunningServer, StartFailed, startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { runAcrux } from '../serve/acrux.ts'

const repositoryNote = 'registry-9001-test-note'

/** What a version adds. The columns and the table are of no concern to the version before it. */
const expanding: readonly FurtherMigration[] = [
  {
    module: 'registry',
    id: repositoryNote,
    worksFor: 'any',
    sql: `alter table repository add column test_note text not null default 'none'`,
  },
  { module: 'audit', id: 'audit-9001-test', worksFor: 'any', sql: 'create table test_audit_note (id text)' },
]

/** What the version after it removes. The version before it does not use the column any more. */
const contracting: readonly FurtherMigration[] = [
  ...expanding,
  {
    module: 'registry',
    id: 'registry-9002-test-no-note',
    worksFor: repositoryNote,
    sql: 'alter table repository drop column test_note',
  },
]

test('a version works beside the next one on the schema of the next one, and again when that is stopped', async (t) => {
  if (!requirePostgres(t)) return
  await using postgres = await startTestPostgres()
  const database = postgres.createDatabase('acrux')
  using next = newerVersion(expanding)
  await using server = await startServer({ args: database.args })
  const { appId, password } = server.firstRun.servicePrincipal
  const owner = basic(appId, password)
  const read = async (from: RunningServer, repository: string, authorization = owner): Promise<number> =>
    (await get(from, `/v2/${repository}/manifests/1`, authorization)).status
  const columns = () =>
    database.query(`select count(*) from information_schema.columns where column_name = 'test_note'`)
  await pushImage(server, 'team/before', '1', owner)
  await until('the audit log has a block', async () => database.query('select count(*) from audit_block') !== '0')

  using stack = new DisposableStack()
  const over = new AbortController()
  stack.defer(() => over.abort())
  const failures: unknown[] = []
  let pushes = 0
  const clients = (async () => {
    while (!over.signal.aborted) {
      await pushImage(server, `team/app${(pushes += 1)}`, '1', owner).catch((error: unknown) => failures.push(error))
      const status = await read(server, 'team/before')
      if (status !== 200) failures.push(`the status of a pull is ${status}`)
    }
  })()
  await using newer = await startReplica(server, database, { program: next.program })
  over.abort()
  await clients
  assert.ok(pushes > 0)
  assert.deepEqual(failures, [], 'no client noticed the migration')
  assert.equal(columns(), '1')

  await t.test('each reads what the other has written, and denies what the other has revoked', async () => {
    for (const [one, other, name] of [
      [server, newer, 'older'],
      [newer, server, 'newer'],
    ] as const) {
      await pushImage(one, `team/${name}`, '1', owner)
      assert.equal(await read(other, `team/${name}`), 200)
      const guest = await createServicePrincipal(one, `guest-${name}`)
      const assignment = await assignRole(one, guest.objectId, roles.acrPull, registryId(server))
      const login = { username: guest.appId, password: guest.password }
      const token = await accessToken(other, login, [`repository:team/${name}:pull`])
      for (const authorization of [`Bearer ${token}`, basic(guest.appId, guest.password)]) {
        assert.equal(await read(other, `team/${name}`, authorization), 200)
      }
      await removeRole(one, assignment)
      for (const authorization of [`Bearer ${token}`, basic(guest.appId, guest.password)]) {
        assert.equal(await read(other, `team/${name}`, authorization), 401)
      }
    }
  })

  await t.test('the older one starts again on the newer schema', async () => {
    await server.restart()
    assert.equal(await read(server, 'team/newer'), 200)
  })

  await t.test('after a rollback, the older one goes on alone', async () => {
    assert.equal((await newer.stop()).code, 0)
    await pushImage(server, 'team/alone', '1', owner)
    assert.equal(await read(server, 'team/alone'), 200)
    assert.equal(columns(), '1', 'nothing is undone')
    assert.equal(database.query(`select count(*) from audit_event where action = 'audit-log.altered'`), '0')
    const env = { ACRUX_DATABASE: database.url, ACRUX_DATABASE_PASSWORD_FILE: postgres.passwordFile }
    const verified = await runAcrux(['audit', 'verify', '--data-dir', server.dataDir], { env })
    assert.match(verified.stdout, /the audit log is intact/, verified.stderr)
  })

  await t.test('a version that removes what only the version before the last uses rejects that one', async () => {
    using last = newerVersion(contracting)
    await server.stop()
    await using _last = await startReplica(server, database, { program: last.program })
    assert.equal(columns(), '0')
    await newer.restart()
    assert.equal(await read(newer, 'team/alone'), 200)
    await assert.rejects(server.restart(), (error) => {
      assert.ok(error instanceof StartFailed)
      assert.equal(error.code, 16)
      assert.match(error.output, /migrations that this version does not support: registry-9002-test-no-note/)
      return true
    })
  })
})
