import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { arm, as, expectStatus, registryId } from '../harness/arm.ts'
import { freePort } from '../harness/free-port.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { signInPerson } from '../harness/person.ts'
import { accessToken, basic, digestOf, get, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { runAcrux } from '../serve/acrux.ts'

/**
 * A backup with keys, and the `first-run.json` of its server, which `acrux serve --dev` of 30 November 2026 made. It has the
 * images `team/app:1` and `team/app:2`. The secret of the service principal does not expire before 2125.
 */
const archive = fileURLToPath(new URL('older-version.tar.gz', import.meta.url))
const passphrase = 'a backup of an older version'
/** A change of the schema that the version of the backup does not know. */
const laterMigration = 'registry-0005-marked-locations'

/** Runs a command that has to end well, and returns its output. */
async function run(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runAcrux(args)
  assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
  return stdout
}

/** The migrations of a database. */
function migrationsIn(file: string): readonly string[] {
  using database = new DatabaseSync(file, { readOnly: true })
  return database
    .prepare('select id from schema_migration')
    .all()
    .map(({ id }) => String(id))
}

test('a backup of an older version is restored into this one: the server starts, people sign in, and images are pulled', async () => {
  using folder = tempDir('older-backup')
  execFileSync('tar', ['-xzf', archive, '-C', folder.path])
  const directory = join(folder.path, 'backups')
  const dataDir = join(folder.path, 'data')
  const passphraseFile = join(folder.path, 'passphrase')
  writeFileSync(passphraseFile, `${passphrase}\n`)
  const [id = ''] = readdirSync(join(directory, 'backups'))
  assert.ok(!migrationsIn(join(directory, 'backups', id, 'acrux.db')).includes(laterMigration), 'the backup is older')

  assert.match(
    await run('backup', 'verify', directory, '--passphrase-file', passphraseFile),
    /intact, authenticated with the master key/,
  )
  await run('backup', 'restore', directory, '--data-dir', dataDir, '--passphrase-file', passphraseFile)
  const port = await freePort()
  const firstRun = readFileSync(join(folder.path, 'first-run.json'), 'utf8')
  writeFileSync(
    join(dataDir, 'first-run.json'),
    firstRun.replaceAll('PORT', String(port)).replace('DATA_DIR', dataDir),
    { mode: 0o600 },
  )

  await using server = await startServer({ dataDir, port })
  const { owner, servicePrincipal } = server.firstRun
  const authorization = basic(servicePrincipal.appId, servicePrincipal.password)
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

  const events = await run('audit', 'export', '--data-dir', dataDir)
  assert.match(events, /"server\.restore"/)
  assert.match(await run('audit', 'verify', '--data-dir', dataDir), /the audit log is intact/)
  assert.match(await run('scrub', '--data-dir', dataDir), /no problems found/)
  assert.ok(migrationsIn(join(dataDir, 'acrux.db')).includes(laterMigration))
})
