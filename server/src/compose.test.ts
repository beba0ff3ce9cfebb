import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Composition, compose } from './compose.ts'
import { loadConfiguration } from './platform/configuration/configuration.ts'
import { createLog } from './platform/log.ts'

async function emptyDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-compose-'))
  t.after(() => rm(directory, { recursive: true }))
  return directory
}

async function open(dataDir: string): Promise<Composition> {
  return compose(
    await loadConfiguration({ flags: { dataDir, publicHost: 'localhost:5443' }, env: {} }),
    createLog('silent'),
  )
}

test('nothing that is kept can be read by others, whatever the umask and whoever made the directory', async (t) => {
  const umask = process.umask(0o000)
  t.after(() => process.umask(umask))
  const dataDir = path.join(await emptyDirectory(t), 'data')
  await mkdir(dataDir, { mode: 0o755 })
  const server = await open(dataDir)
  try {
    const app = server.app
    await app.ready()
    assert.equal((await app.inject({ url: '/readyz' })).statusCode, 200)
    const names = await readdir(dataDir, { recursive: true })
    assert.ok(names.includes('acrux.db-wal') && names.includes('master.key') && names.includes('blobs'))
    const readable: string[] = []
    for (const name of names) {
      const { mode } = await stat(path.join(dataDir, name))
      if ((mode & 0o077) !== 0) readable.push(name)
    }
    assert.deepEqual(readable, [path.join('tls', 'ca.pem')], 'the authority’s certificate is for everybody')
  } finally {
    await server.close()
  }
})

test('a first run that was cut off before it was kept is made anew, and its file with it', async (t) => {
  const dataDir = path.join(await emptyDirectory(t), 'data')
  const file = path.join(dataDir, 'first-run.json')
  await mkdir(dataDir)
  await writeFile(file, '{"servicePrincipal":{"password":"lost"}}', { mode: 0o644 })
  const server = await open(dataDir)
  const made = server.firstRun?.content
  await server.close()
  assert.ok(made !== undefined)
  assert.deepEqual(JSON.parse(await readFile(file, 'utf8')), made)
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const again = await open(dataDir)
  assert.equal(again.firstRun, undefined, 'once it is kept, it is not made again')
  await again.close()
})
