import assert from 'node:assert/strict'
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { arm, as, expectStatus, registryId } from '../harness/arm.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { newerVersion } from '../harness/other-version.ts'
import { signInPerson } from '../harness/person.ts'
import { accessToken, basic, digestOf, get, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { runAcrux } from '../serve/acrux.ts'

const passphrase = 'a backup of an older version'
/** What the newer version changes in the schema. The version of the backup does not know it. */
const laterMigration = {
  module: 'registry',
  id: 'registry-9001-test-note',
  sql: 'alter table repository add column test_note text',
} as const

/** Runs a command that must succeed, and returns its output. */
async function run(program: string | undefined, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runAcrux(args, program === undefined ? {} : { program })
  assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
  return stdout
}

/** Whether a database has the change of the newer version. */
function hasLaterMigration(file: string): boolean {
  using database = new DatabaseSync(file, { readOnly: true })
  return database.prepare('select id from schema_migration where id = ?').get(laterMigration.id) !== undefined
}

test('a newer version restores a backup of an older version: the server starts, people sign in, and images are pulled', async () => {
  using folder = tempDir('older-backup')
  const directory = join(folder.path, 'backups')
  const dataDir = join(folder.path, 'data')
  const firstRunFile = join(dataDir, 'first-run.json')
  const passphraseFile = join(folder.path, 'passphrase')
  writeFileSync(passphraseFile, `${passphrase}\n`)
  const withPassphrase = ['--passphrase-file', passphraseFile]
  await using older = await startServer({ dataDir })
  const { owner, servicePrincipal } = older.firstRun
  const authorization = basic(servicePrincipal.appId, servicePrincipal.password)
  for (const tag of ['1', '2']) await pushImage(older, 'team/app', tag, authorization)
  await run(undefined, 'backup', 'create', directory, '--data-dir', dataDir, '--with-keys', ...withPassphrase)
  const firstRun = readFileSync(firstRunFile)
  assert.equal((await older.stop()).code, 0)
  rmSync(dataDir, { recursive: true })

  using newer = newerVersion([laterMigration])
  const [, program] = newer.program
  const [id = ''] = readdirSync(join(directory, 'backups'))
  assert.equal(hasLaterMigration(join(directory, 'backups', id, 'acrux.db')), false)
  assert.match(
    await run(program, 'backup', 'verify', directory, ...withPassphrase),
    /intact, authenticated with the master key/,
  )
  await run(program, 'backup', 'restore', directory, '--data-dir', dataDir, ...withPassphrase)
  writeFileSync(firstRunFile, firstRun, { mode: 0o600 })

  await using server = await startServer({ dataDir, port: older.port, program: newer.program })
  for (const tag of ['1', '2']) {
    const manifest = expectStatus(await get(server, `/v2/team/app/manifests/${tag}`, authorization), 200).json()
    const [layer] = listAt(manifest, 'layers')
    const digest = stringAt(layer, 'digest')
    const blob = expectStatus(await get(server, `/v2/team/app/blobs/${digest}`, authorization), 200)
    assert.equal(digestOf(blob.body), digest)
    assert.equal(blob.text(), `layer of team/app:${tag}\n`)
  }
  const login = { username: servicePrincipal.appId, password: servicePrincipal.password }
  const token = await accessToken(server, login, ['repository:team/app:pull,push'])
  const { access } = await signInPerson(server, owner, 'https://management.core.windows.net/')
  expectStatus(await arm(as(server, access), 'GET', registryId(server)), 200)
  await pushImage(server, 'team/app', '3', `Bearer ${token}`)
  assert.equal((await server.stop()).code, 0)

  const events = await run(program, 'audit', 'export', '--data-dir', dataDir)
  assert.match(events, /"server\.restore"/)
  assert.match(await run(program, 'audit', 'verify', '--data-dir', dataDir), /the audit log is intact/)
  assert.match(await run(program, 'scrub', '--data-dir', dataDir), /no problems found/)
  assert.equal(hasLaterMigration(join(dataDir, 'acrux.db')), true)
})
