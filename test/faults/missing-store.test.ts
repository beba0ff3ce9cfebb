import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { basic, digestOf, pushBlob } from '../harness/registry.ts'
import { type RunningServer, StartFailed, startServer } from '../harness/server.ts'
import { fileOfBlob } from '../harness/stored-blobs.ts'
import { until } from '../harness/until.ts'
import { openWire } from './wire.ts'

const server = await startServer({ args: ['--integrity-scrub-interval-seconds', '0', '--gc-interval-seconds', '3600'] })
after(() => server[Symbol.asyncDispose]())
const { servicePrincipal } = server.firstRun
const authorization = basic(servicePrincipal.appId, servicePrincipal.password)
const contents = Array.from({ length: 12 }, () => randomBytes(3000))
for (const bytes of contents) await pushBlob(server, 'team/app', bytes, authorization)

async function statuses(on: RunningServer = server): Promise<number[]> {
  const wire = openWire(on)
  try {
    const asked = contents.flatMap((bytes, index) =>
      (index % 3 === 0 ? ['GET'] : ['HEAD']).map((method) => ({
        method,
        target: `/v2/team/app/blobs/${digestOf(bytes)}`,
        authorization,
      })),
    )
    const answers = await Promise.all(asked.map((request) => wire.send(request)))
    return [...new Set(answers.map(({ status }) => status))]
  } finally {
    wire.close()
  }
}

async function push(bytes: Buffer): Promise<number> {
  const wire = openWire(server)
  try {
    const target = `/v2/team/app/blobs/uploads/?digest=${digestOf(bytes)}`
    return (await wire.send({ method: 'POST', target, authorization, body: bytes })).status
  } finally {
    wire.close()
  }
}

const directories: Readonly<Record<string, string>> = {
  'the directory of blobs': 'blobs',
  'a directory in it': 'blobs/blobs',
  'the directory of an algorithm': 'blobs/blobs/sha256',
}

for (const [what, name] of Object.entries(directories)) {
  for (const isEmpty of [false, true]) {
    const how = isEmpty ? 'is empty, as the directory of a mount' : 'is missing'
    test(`no blob is called missing while ${what} ${how}`, async () => {
      const directory = join(server.dataDir, name)
      const elsewhere = join(server.dataDir, 'elsewhere')
      renameSync(directory, elsewhere)
      if (isEmpty) mkdirSync(directory)
      assert.deepEqual(await statuses(), [503])
      assert.equal(await push(randomBytes(1000)), 503)
      rmSync(directory, { recursive: true, force: true })
      renameSync(elsewhere, directory)
      assert.deepEqual(await statuses(), [200])
      assert.equal(await push(randomBytes(1000)), 201)
    })
  }
}

test('a blob whose file is missing is unknown until its file is back', async () => {
  const wire = openWire(server)
  after(() => wire.close())
  const [bytes = Buffer.alloc(0)] = contents
  const file = fileOfBlob(server.dataDir, digestOf(bytes))
  const target = `/v2/team/app/blobs/${digestOf(bytes)}`
  for (const [method, isDamaged] of [
    ['HEAD', false],
    ['GET', false],
  ] as const) {
    renameSync(file, `${file}.away`)
    assert.equal((await wire.send({ method: 'HEAD', target, authorization })).status, 404)
    assert.equal((await wire.send({ method: 'GET', target, authorization })).status, 404)
    renameSync(`${file}.away`, file)
    assert.equal((await wire.send({ method, target, authorization })).status, isDamaged ? 404 : 200)
    const read = await wire.send({ method: 'GET', target, authorization })
    assert.equal(read.status, 200)
    assert.ok(read.body.equals(bytes))
  }
})

test('a server does not start while its blobs are elsewhere, and finds them when they are back', async () => {
  await server.stop()
  const directory = join(server.dataDir, 'blobs')
  renameSync(directory, `${directory}.away`)
  await assert.rejects(server.restart(), (error) => error instanceof StartFailed && /are not in/.test(error.message))
  assert.equal(existsSync(directory), false, 'nothing is created below the mount')
  renameSync(`${directory}.away`, directory)
  await server.restart()
  assert.deepEqual(await statuses(), [200])
})

test('a server that has noted no mark does not start without its blobs, and marks nothing', async () => {
  await server.stop()
  const directory = join(server.dataDir, 'blobs')
  renameSync(directory, `${directory}.away`)
  rmSync(join(server.dataDir, 'blob-mark'))
  const isRejected = (error: unknown) =>
    error instanceof StartFailed && error.code === 13 && /are not in/.test(error.output)
  await assert.rejects(server.restart(), isRejected)
  await assert.rejects(server.restart(), isRejected)
  assert.deepEqual(filesIn(directory), [], 'no mark')
  assert.equal(existsSync(join(server.dataDir, 'blob-mark')), false)
  rmSync(directory, { recursive: true })
  renameSync(`${directory}.away`, directory)
  // As a version without marks left them.
  for (const algorithm of ['sha256', 'sha512']) rmSync(join(directory, 'blobs', algorithm, 'installation'))
  await server.restart()
  assert.deepEqual(await statuses(), [200])
})

test('a server whose mark is missing is not ready until the mark is back', async () => {
  const mark = join(server.dataDir, 'blobs', 'blobs', 'sha256', 'installation')
  const wire = openWire(server)
  after(() => wire.close())
  const isReady = async () => (await wire.send({ method: 'GET', target: '/readyz' })).status
  renameSync(mark, `${mark}.away`)
  await until('the server is not ready', async () => (await isReady()) === 503)
  renameSync(`${mark}.away`, mark)
  await until('the server is ready', async () => (await isReady()) === 200)
})

test('a server starts without its lost blobs when its operator accepts it, once', async () => {
  await server.stop()
  const directory = join(server.dataDir, 'blobs')
  const accepted = join(server.dataDir, 'blobs-are-lost')
  renameSync(directory, `${directory}.away`)
  writeFileSync(accepted, '')
  await server.restart()
  assert.equal(existsSync(accepted), false)
  assert.equal((await statuses()).includes(200), false)
  for (const bytes of contents) assert.equal(await push(bytes), 201)
  await server.restart()
  assert.deepEqual(await statuses(), [200])
})

function filesIn(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}
