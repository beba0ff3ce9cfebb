import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type TestContext, test } from 'node:test'
import type { Backup } from './model.ts'
import { loadConfiguration } from '../../configuration/index.ts'
import { createLog } from '../../platform/log/log.ts'
import { Backups } from './backups.ts'

type OpenFolder = ConstructorParameters<typeof Backups>[0]['openFolder']

async function open(t: TestContext, openFolder?: OpenFolder) {
  const root = await mkdtemp(path.join(tmpdir(), 'acrux-backups-'))
  t.after(() => rm(root, { recursive: true }))
  const [dataDir, directory] = [path.join(root, 'data'), path.join(root, 'backups')]
  await Promise.all([mkdir(dataDir), mkdir(directory)])
  const configuration = await loadConfiguration({ flags: { dataDir, backupDirectory: directory }, env: {} })
  const more = { version: '1.2.3', clock: { now: () => 0 }, log: createLog('silent') }
  const backups = new Backups({ configuration, ...more, ...(openFolder && { openFolder }) })
  t.after(() => backups.close())
  const ended = async () => {
    while ((await backups.status()).last?.state === 'running') await sleep(20)
    return (await backups.status()).last
  }
  return { root, directory, backups, ended }
}

test('a failed backup reports why it failed, without the paths of the configuration, and another backup can be started', async (t) => {
  const { root, backups, ended } = await open(t)
  const records: string[] = []
  const start = (name: string) => backups.start(async () => void records.push(name))
  await assert.rejects(
    backups.start(async () => Promise.reject(new Error('no space'))),
    /no space/,
  )
  assert.deepEqual(await Promise.all([start('one'), start('other')]), [undefined, 'running'])
  assert.deepEqual(records, ['one'])
  const last = await ended()
  assert.equal(last?.state, 'failed')
  assert.equal(last.error, 'there is no database in dataDir: set the data directory of a server with --data-dir')
  while ((await start('next')) !== undefined) await sleep(20)
  assert.equal((await backups.status()).last?.state, 'running')
  assert.ok(!JSON.stringify(await ended()).includes(root))
})

test('the list of backups contains the problem if the backups in a directory cannot be read', async (t) => {
  const { root, directory, backups } = await open(t)
  const broken = path.join(directory, 'backups', '20261127T093705Z-1f24d8')
  await mkdir(broken, { recursive: true })
  await writeFile(path.join(directory, 'acrux-backups.json'), '{}')
  await writeFile(path.join(broken, 'backup.json'), '{}')
  const { value, problem } = await backups.status()
  assert.deepEqual(value, [])
  assert.match(problem ?? '', /20261127T093705Z-1f24d8 cannot be read/)
  assert.ok(!problem?.includes(root))
})

test('the list of backups contains the problem if the path of the directory is below a file', async (t) => {
  const { root, directory, backups } = await open(t)
  await rm(directory, { recursive: true })
  await writeFile(directory, '')
  const { problem } = await backups.status()
  assert.match(problem ?? '', /^backup.directory cannot be read: a part of the path is a file, not a directory/)
  assert.ok(!problem?.includes(root))
})

const aBackup: Backup = {
  format: 1,
  id: '20261127T093705Z-1f24d8',
  takenAt: '2026-11-27T09:37:05.000Z',
  acrux: '1.2.3',
  database: { sizeBytes: 1, sha256: '0'.repeat(64), rows: {} },
  blobs: { count: 0, sizeBytes: 0, newCount: 0, newSizeBytes: 0 },
  damaged: [],
  keysSha256: null,
  seal: null,
}

/** Folders whose listing waits until the test releases it, and the number of listings. */
function slowFolders() {
  const slow = { listings: 0, answers: Promise.resolve(), openFolder: async () => ({ newest }) }
  const newest = async () => {
    slow.listings += 1
    await slow.answers
    return { backups: [aBackup], count: 51 }
  }
  return slow
}

test('a directory that does not respond is listed only once at a time, and requests get the last known list', async (t) => {
  const slow = slowFolders()
  const { backups } = await open(t, slow.openFolder)
  assert.equal((await backups.status()).problem, null)
  const { promise, resolve: release } = Promise.withResolvers<void>()
  slow.answers = promise
  // The timer of the limit alone does not keep a process running.
  const alive = setInterval(() => undefined, 1000)
  t.after(() => clearInterval(alive))
  for (const { value, count, problem } of await Promise.all([backups.status(), backups.status(), backups.status()])) {
    assert.deepEqual(
      [value[0]?.id, count, problem],
      [aBackup.id, 51, 'the file system of backup.directory does not respond'],
    )
  }
  assert.equal(slow.listings, 2)
  const waiting = backups.status()
  release()
  assert.equal((await waiting).problem, null)
  assert.equal(slow.listings, 2)
  await backups.status()
  assert.equal(slow.listings, 3)
})

test('while a backup runs, the server does not list the directory again', async (t) => {
  const slow = slowFolders()
  const { backups, ended } = await open(t, slow.openFolder)
  await backups.status()
  await backups.start(async () => undefined)
  const { last, count } = await backups.status()
  assert.deepEqual([last?.state, count, slow.listings], ['running', 51, 1])
  await ended()
  assert.ok(slow.listings > 1)
})
