import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { basic, digestOf, pushBlob } from '../harness/registry.ts'
import { type RunningServer, StartFailed, startServer } from '../harness/server.ts'
import { fileOfBlob } from '../harness/stored-blobs.ts'
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
