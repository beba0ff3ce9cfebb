import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  arm,
  armToken,
  as,
  assignRole,
  createServicePrincipal,
  expectStatus,
  registryId,
  roles,
} from '../harness/arm.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { signInPerson } from '../harness/person.ts'
import { accessToken, askAccessToken, basic, digestOf, pushBlob, pushImage } from '../harness/registry.ts'
import { createScopedToken, putScopeMap } from '../harness/scoped-tokens.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { until } from '../harness/until.ts'
import { runAcrux, startProgram } from '../serve/acrux.ts'
import { Client } from './client.ts'
import { Ledger } from './ledger.ts'
import { Pusher } from './pusher.ts'
import { seededRandom } from './random.ts'
import { Verifier } from './verify.ts'

const passphrase = 'seven words that nobody else would say'

/** Runs a command that has to end well, and returns what it printed as JSON. */
async function acruxJson(...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await runAcrux([...args, '--json'])
  assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
  return JSON.parse(stdout)
}

/** The ids of all events in the audit log of a data directory. */
async function auditIds(dataDir: string): Promise<string[]> {
  const { stdout, code, stderr } = await runAcrux(['audit', 'export', '--data-dir', dataDir])
  assert.equal(code, 0, stderr)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => stringAt(JSON.parse(line), 'id'))
}

/** Pushes in every way, and deletes blobs as fast as it pushes them, until it is stopped. */
function pushAndDelete(server: RunningServer, ledger: Ledger): { readonly stop: () => Promise<void> } {
  const { appId, password } = server.firstRun.servicePrincipal
  const authorization = basic(appId, password)
  const stopping = new AbortController()
  const untilStopped = async (work: () => Promise<unknown>) => {
    while (!stopping.signal.aborted) await work()
  }
  const stopped = new Error('stopped')
  const pushing = ['one', 'two'].map(async (name) => {
    using client = new Client(server, authorization, 1)
    const onEvent = (): void => {
      if (stopping.signal.aborted) throw stopped
    }
    const pusher = new Pusher({ name, client, ledger, random: seededRandom(1, name), onEvent })
    await pusher.run().catch((error: unknown) => {
      if (error !== stopped) throw error
    })
  })
  const deleting = async () => {
    using client = new Client(server, authorization, 1)
    const alive: string[] = []
    await untilStopped(async () => {
      alive.push((await pushBlob(server, 'short/lived', randomBytes(20_000), authorization)).digest)
      if (alive.length < 20) return
      const gone = await client.send({ method: 'DELETE', to: `/v2/short/lived/blobs/${alive.shift()}` })
      assert.equal(gone.status, 202, gone.text())
    })
  }
  const all = Promise.all([...pushing, deleting()])
  all.catch(() => undefined)
  return {
    stop: async () => {
      stopping.abort()
      await all
    },
  }
}

test('A server whose data directory is destroyed comes back from a backup that was made under load', async (t) => {
  using backups = tempDir('backups')
  const directory = join(backups.path, 'all')
  const passphraseFile = join(backups.path, 'passphrase')
  await writeFile(passphraseFile, `${passphrase}\n`)
  const withPassphrase = ['--passphrase-file', passphraseFile]
  await using server = await startServer({ args: ['--log-level', 'warn', '--gc-interval-seconds', '1'] })
  const { dataDir, firstRun } = server
  const { appId, password } = firstRun.servicePrincipal

  const reader = await createServicePrincipal(server, 'reader')
  await assignRole(server, reader.objectId, roles.acrPull, registryId(server))
  await putScopeMap(server, 'app-only', [
    'repositories/team/app/content/read',
    'repositories/team/app/content/write',
    'repositories/team/app/metadata/read',
  ])
  const scoped = await createScopedToken(server, 'ci-token', 'app-only')
  const forReader = await askAccessToken(server, { username: reader.appId, password: reader.password }, [])
  expectStatus(forReader, 200)

  const ledger = new Ledger()
  const load = pushAndDelete(server, ledger)
  await until('the first pushes', () => ledger.pushes.length > 30)
  const first = await acruxJson('backup', 'create', directory, '--data-dir', dataDir)
  assert.equal(at(first, 'keysSha256'), null)
  const more = ledger.pushes.length
  await until('more pushes', () => ledger.pushes.length > more + 20)
  const acknowledged = ledger.pushes.slice()
  const acknowledgedBlobs = ledger.blobs.slice()
  const events = await auditIds(dataDir)
  const second = await acruxJson('backup', 'create', directory, '--data-dir', dataDir, '--with-keys', ...withPassphrase)
  await load.stop()
  const during = ledger.pushes.length
  assert.deepEqual(listAt(second, 'damaged'), [], 'a blob was deleted while it was to be copied')
  const blobs = Number(at(second, 'blobs', 'count'))
  const copied = Number(at(second, 'blobs', 'newCount'))
  assert.ok(copied > 0 && copied < blobs, `${copied} of ${blobs} blobs were copied again`)
  const listed = listAt(await acruxJson('backup', 'list', directory))
  assert.deepEqual(
    listed.map((backup) => at(backup, 'id')),
    [at(first, 'id'), at(second, 'id')],
  )
  for (const file of await readdir(directory, { recursive: true })) {
    assert.equal((await stat(join(directory, file))).mode & 0o077, 0, `${file} is open to others`)
  }

  const firstRunText = await readFile(join(dataDir, 'first-run.json'))
  const caFile = await readFile(server.caFile)
  await server.stop()
  await rm(dataDir, { recursive: true })
  const dry = await acruxJson('backup', 'restore', directory, '--data-dir', dataDir, '--dry-run', ...withPassphrase)
  assert.equal(at(dry, 'isAuthenticated'), true)
  assert.equal(existsSync(dataDir), false, 'a dry run made the data directory')
  const restored = await acruxJson('backup', 'restore', directory, '--data-dir', dataDir, ...withPassphrase)
  assert.equal(Number(at(restored, 'blobs')), blobs)
  const twice = await runAcrux(['backup', 'restore', directory, '--data-dir', dataDir, ...withPassphrase])
  assert.equal(twice.code, 13, 'a place that is not empty was restored into')
  await writeFile(join(dataDir, 'first-run.json'), firstRunText, { mode: 0o600 })
  await server.restart()

  assert.ok((await readFile(server.caFile)).equals(caFile), 'clients would have to trust another authority')
  using client = new Client(server, basic(appId, password), 8)
  const verifier = new Verifier(client, ledger)
  for (const { repository, manifest } of acknowledged) {
    await verifier.push({ repository, tag: undefined, manifest })
  }
  for (const { repository, blob } of acknowledgedBlobs) {
    assert.equal(await verifier.blob(repository, blob.digest), true, `${blob.digest} was acknowledged`)
  }
  await assertRights(server, { reader, scoped })
  const kept = new Set(await auditIds(dataDir))
  assert.deepEqual(
    events.filter((id) => !kept.has(id)),
    [],
  )
  const verified = await runAcrux(['audit', 'verify', '--data-dir', dataDir])
  assert.equal(verified.code, 0, verified.stdout + verified.stderr)
  t.diagnostic(
    `${acknowledged.length} pushes before, ${during - acknowledged.length} during, ${blobs} blobs, ${events.length} events`,
  )
})

/** Holds that sign-ins, roles and scoped tokens are as they were. */
async function assertRights(
  server: RunningServer,
  who: {
    reader: { appId: string; password: string; objectId: string }
    scoped: { username: string; password: string }
  },
): Promise<void> {
  const { reader, scoped } = who
  const tokens = await signInPerson(server, server.firstRun.owner, 'https://management.core.windows.net/')
  expectStatus(await arm(as(server, tokens.access), 'GET', registryId(server)), 200)
  await armToken(server, reader)
  const assignments = `${registryId(server)}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01`
  const listed = listAt(expectStatus(await arm(server, 'GET', assignments), 200).json(), 'value')
  assert.ok(listed.some((one) => at(one, 'properties', 'principalId') === reader.objectId))
  const asReader = { username: reader.appId, password: reader.password }
  const token = await accessToken(server, asReader, ['repository:team/app:pull,push,metadata_read'])
  using client = new Client(server, `Bearer ${token}`, 1)
  expectStatus(await client.send({ method: 'GET', to: '/v2/team/app/tags/list' }), 200)
  assert.equal((await client.send({ method: 'POST', to: '/v2/team/app/blobs/uploads/' })).status, 401)
  using ci = new Client(server, basic(scoped.username, scoped.password), 1)
  expectStatus(await ci.send({ method: 'GET', to: '/v2/team/app/tags/list' }), 200)
  assert.equal((await ci.send({ method: 'GET', to: '/v2/tools/tags/list' })).status, 401)
}

test('A backup that is damaged is found, and what is damaged is not restored as good', async () => {
  using backups = tempDir('damaged-backups')
  const directory = join(backups.path, 'all')
  const target = join(backups.path, 'target')
  await using server = await startServer({ args: ['--log-level', 'warn'] })
  const { appId, password } = server.firstRun.servicePrincipal
  const image = await pushImage(server, 'team/app', '1', basic(appId, password))
  const digest = image.layers[0]?.digest ?? ''
  await acruxJson('backup', 'create', directory, '--data-dir', server.dataDir)
  const file = join(directory, 'blobs', 'sha256', digest.slice(7, 9), digest.slice(7))
  const bytes = await readFile(file)
  assert.equal(digestOf(bytes), digest)
  bytes[0] = (bytes[0] ?? 0) ^ 1
  await writeFile(file, bytes)

  const verified = await runAcrux(['backup', 'verify', directory])
  assert.equal(verified.code, 1)
  assert.ok(verified.stderr.includes(`${digest} is corrupt`), verified.stderr)
  assert.match(verified.stderr, /^acrux: run acrux scrub on the server, and create another backup/m)
  const rejected = await runAcrux(['backup', 'restore', directory, '--data-dir', target])
  assert.equal(rejected.code, 1, rejected.stderr)
  assert.equal(existsSync(target), false)
  const partly = await runAcrux(['backup', 'restore', directory, '--data-dir', target, '--skip-damaged', '--json'])
  assert.equal(partly.code, 1, 'what was left out is not told')
  assert.deepEqual(
    listAt(JSON.parse(partly.stdout), 'skipped').map((one) => at(one, 'digest')),
    [digest],
  )
  await rm(file)
  assert.match((await runAcrux(['backup', 'verify', directory])).stderr, new RegExp(`${digest} is missing`))
  await acruxJson('backup', 'create', directory, '--data-dir', server.dataDir)
  assert.equal((await runAcrux(['backup', 'verify', directory])).code, 0, 'the next backup copies what is missing')

  const [id = ''] = await readdir(join(directory, 'backups'))
  const database = join(directory, 'backups', id, 'acrux.db')
  const rows = await readFile(database)
  rows[rows.length - 100] = (rows.at(-100) ?? 0) ^ 1
  await writeFile(database, rows)
  const altered = await runAcrux(['backup', 'verify', directory, '--id', id])
  assert.equal(altered.code, 1)
  assert.match(altered.stderr, /the database was altered/)
})

test('Any change of the description of a backup is found with the passphrase', async () => {
  using backups = tempDir('altered-backups')
  const directory = join(backups.path, 'all')
  const target = join(backups.path, 'target')
  const passphraseFile = join(backups.path, 'passphrase')
  await writeFile(passphraseFile, `${passphrase}\n`)
  const withPassphrase = ['--passphrase-file', passphraseFile]
  await using server = await startServer({ args: ['--log-level', 'warn'] })
  const { appId, password } = server.firstRun.servicePrincipal
  const image = await pushImage(server, 'team/app', '1', basic(appId, password))
  const digest = image.layers[0]?.digest ?? ''
  await acruxJson('backup', 'create', directory, '--data-dir', server.dataDir, '--with-keys', ...withPassphrase)
  await acruxJson('backup', 'verify', directory, ...withPassphrase)
  const [id = ''] = await readdir(join(directory, 'backups'))
  const folder = join(directory, 'backups', id)
  const description = JSON.parse(await readFile(join(folder, 'backup.json'), 'utf8')) as Record<string, unknown>
  const alter = (changes: Record<string, unknown>) =>
    writeFile(join(folder, 'backup.json'), JSON.stringify({ ...description, ...changes }))
  const assertFound = async (problem: RegExp) => {
    const verified = await runAcrux(['backup', 'verify', directory, ...withPassphrase])
    assert.deepEqual([verified.code, problem.test(verified.stderr)], [1, true], verified.stdout + verified.stderr)
    const rejected = await runAcrux(['backup', 'restore', directory, '--data-dir', target, ...withPassphrase])
    assert.equal(rejected.code, 1, rejected.stdout)
    assert.equal(existsSync(target), false)
  }
  await alter({ seal: null })
  await assertFound(/the seal of the backup was removed/)
  await rm(join(directory, 'blobs', 'sha256', digest.slice(7, 9), digest.slice(7)))
  await alter({ damaged: [{ digest, problem: 'missing' }] })
  await assertFound(/the backup differs from the backup that was sealed/)
  await rm(join(folder, 'keys.json'))
  await alter({ keysSha256: null, seal: null, damaged: [{ digest, problem: 'missing' }] })
  await assertFound(/the backup contains no keys, so the passphrase cannot authenticate the backup/)
})

test('A blob that is corrupt on the server is named, and the backup is complete without it', async () => {
  using backups = tempDir('corrupt-source')
  const directory = join(backups.path, 'all')
  await using server = await startServer({ args: ['--log-level', 'warn'] })
  const { appId, password } = server.firstRun.servicePrincipal
  const image = await pushImage(server, 'team/app', '1', basic(appId, password))
  const digest = image.layers[0]?.digest ?? ''
  const shelf = join(server.dataDir, 'blobs', 'blobs', 'sha256', digest.slice(7, 9))
  const name = (await readdir(shelf)).find((one) => one.startsWith(digest.slice(7))) ?? ''
  await writeFile(join(shelf, name), 'other bytes')
  const created = await runAcrux(['backup', 'create', directory, '--data-dir', server.dataDir])
  assert.equal(created.code, 1)
  assert.ok(created.stderr.includes(digest), created.stderr)
  assert.equal((await runAcrux(['backup', 'list', directory])).stdout.split('\n').length, 2)
  assert.equal((await runAcrux(['backup', 'verify', directory])).code, 0)
})

test('A backup that is killed is not listed, and the next one is complete', async () => {
  using backups = tempDir('killed-backups')
  const directory = join(backups.path, 'all')
  await using server = await startServer({ args: ['--log-level', 'warn'] })
  const { appId, password } = server.firstRun.servicePrincipal
  for (let index = 0; index < 12; index += 1) {
    await pushBlob(server, 'team/app', randomBytes(8_000_000), basic(appId, password))
  }
  const pool = join(directory, 'blobs', 'sha256')
  await using half = startProgram(['backup', 'create', directory, '--data-dir', server.dataDir])
  await until('the first blob in the backup', () => existsSync(pool))
  half.signal('SIGKILL')
  assert.equal((await half.ended).signal, 'SIGKILL', 'the backup was over before it was killed')
  assert.deepEqual(await acruxJson('backup', 'list', directory), [])
  const restored = await runAcrux(['backup', 'restore', directory, '--data-dir', join(backups.path, 'target')])
  assert.equal(restored.code, 17, restored.stderr)
  assert.match(restored.stderr, /contains no complete backup/)
  await acruxJson('backup', 'create', directory, '--data-dir', server.dataDir)
  assert.equal((await runAcrux(['backup', 'verify', directory])).code, 0)
  assert.equal(existsSync(join(directory, 'partial')), false)
})

test('Without the keys the server does not start, and starts when the master key is brought', async () => {
  using backups = tempDir('keyless-backups')
  const directory = join(backups.path, 'all')
  const target = join(backups.path, 'target')
  await using server = await startServer({ args: ['--log-level', 'warn'] })
  const { appId, password } = server.firstRun.servicePrincipal
  await server.stop()
  await acruxJson('backup', 'create', directory, '--data-dir', server.dataDir)
  const secrets = await readFile(join(server.dataDir, 'master.key'))
  for (const file of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue
    const bytes = await readFile(join(file.parentPath, file.name))
    assert.equal(bytes.includes(secrets), false, `${file.name} holds the master key`)
    assert.equal(bytes.includes('PRIVATE KEY'), false, `${file.name} holds a private key`)
  }
  const restored = await runAcrux(['backup', 'restore', directory, '--data-dir', target])
  assert.equal(restored.code, 0)
  assert.match(restored.stdout, /master\.key of the original server to .*target\/master\.key/)
  assert.equal((await runAcrux(['serve', '--data-dir', target, '--listen', `127.0.0.1:${server.port}`])).code, 14)
  await rm(server.dataDir, { recursive: true })
  const again = await runAcrux(['backup', 'restore', directory, '--data-dir', server.dataDir])
  assert.equal(again.code, 0, again.stderr)
  await writeFile(join(server.dataDir, 'master.key'), secrets, { mode: 0o600 })
  await server.restart()
  expectStatus(await askAccessToken(server, { username: appId, password }, []), 200)
})
