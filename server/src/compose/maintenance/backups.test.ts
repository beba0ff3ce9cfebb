import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type TestContext, test } from 'node:test'
import { loadConfiguration } from '../../configuration/index.ts'
import { createLog } from '../../platform/log/log.ts'
import { Backups } from './backups.ts'

async function open(t: TestContext) {
  const root = await mkdtemp(path.join(tmpdir(), 'acrux-backups-'))
  t.after(() => rm(root, { recursive: true }))
  const [dataDir, directory] = [path.join(root, 'data'), path.join(root, 'backups')]
  await Promise.all([mkdir(dataDir), mkdir(directory)])
  const configuration = await loadConfiguration({ flags: { dataDir, backupDirectory: directory }, env: {} })
  const backups = new Backups({ configuration, version: '1.2.3', clock: { now: () => 0 }, log: createLog('silent') })
  t.after(() => backups.close())
  const ended = async () => {
    while ((await backups.status()).last?.state === 'running') await sleep(20)
    return (await backups.status()).last
  }
  return { root, directory, backups, ended }
}

test('a backup that fails says why, without the paths of the configuration, and another one can be started', async (t) => {
  const { root, backups, ended } = await open(t)
  assert.equal(backups.refusal(), undefined)
  backups.start()
  assert.equal(backups.refusal(), 'running')
  const last = await ended()
  assert.equal(last?.state, 'failed')
  assert.equal(last.error, 'there is no database in dataDir: set the data directory of a server with --data-dir')
  while (backups.refusal() !== undefined) await sleep(20)
  backups.start()
  assert.equal((await backups.status()).last?.state, 'running')
  assert.ok(!JSON.stringify(await ended()).includes(root))
})

test('a directory whose backups cannot be read is shown with the problem', async (t) => {
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
