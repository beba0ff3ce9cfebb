import assert from 'node:assert/strict'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { arm, armToken, as, expectStatus, registryId } from '../harness/arm.ts'
import { mustRun, requireClient } from '../harness/clients.ts'
import { request } from '../harness/http.ts'
import { mainFile } from '../harness/program.ts'
import { accessToken, basic, digestOf, pushBlob, pushImage, registryUrl } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { runAcrux } from '../serve/acrux.ts'
import { FlushedFiles } from './flushed-files.ts'
import { fileCalls, readSystemCalls, type SystemCall } from './system-calls.ts'

/** The arguments of strace that record all that a program does to files. */
function recordingTo(record: string): string[] {
  return ['-f', '-yy', '-xx', '-s', '4000000', '-o', record, '-e', `trace=${fileCalls}`]
}

/** Starts a server in `data` of a directory, which records all that it does to files in `record`. */
async function startRecorded(directory: string, args: readonly string[] = []) {
  const record = join(directory, 'record')
  const dataDir = join(directory, 'data')
  const under = ['strace', '--kill-on-exit', ...recordingTo(record)]
  return { record, server: await startServer({ dataDir, args, under, readyWithinMs: 300_000 }) }
}

/** Writes what a power failure left of a directory when the record had so many bytes. */
function writeLeft(directory: string, recordBytes: number, to: string): void {
  const files = new FlushedFiles(directory)
  files.replay(readSystemCalls(join(directory, 'record'), recordBytes))
  files.writeTo(to)
}

/** Something that was acknowledged: where the record was then, and what must be found after a power failure at that moment. */
type Acknowledged = {
  readonly what: string
  readonly recordBytes: number
  readonly isThere: (database: DatabaseSync, dataDir: string) => boolean
}

function isBlobThere(database: DatabaseSync, dataDir: string, digest: string): boolean {
  const row = database.prepare('select location from blob where digest = ?').get(digest) as
    { location: string } | undefined
  const [, name = ''] = row?.location.split(':') ?? []
  const [file] = globSync(join(dataDir, 'blobs', 'blobs', 'sha256', '*', name))
  return (
    file !== undefined &&
    name !== '' &&
    `sha256:${createHash('sha256').update(readFileSync(file)).digest('hex')}` === digest
  )
}

const has = (database: DatabaseSync, sql: string, ...values: string[]) =>
  database.prepare(sql).get(...values) !== undefined

test('everything that was acknowledged survives a power failure at that very moment', async (t) => {
  if (!requireClient(t, 'strace')) return
  using scratch = tempDir('power')
  const args = ['--integrity-scrub-interval-seconds', '0']
  const started = await startRecorded(scratch.path, args)
  const { record } = started
  await using server = started.server
  const acknowledged: Acknowledged[] = []
  const ack = (what: string, isThere: Acknowledged['isThere']) =>
    acknowledged.push({ what, recordBytes: statSync(record).size, isThere })
  const { servicePrincipal } = server.firstRun
  const authorization = basic(servicePrincipal.appId, servicePrincipal.password)
  ack('the first start', (database) => has(database, "select 1 from registry where name_key = 'myregistry'"))
  const marks: { what: string; from: number; to: number }[] = []
  const counted = async <Result>(what: string, work: () => Promise<Result>): Promise<Result> => {
    const from = statSync(record).size
    const result = await work()
    marks.push({ what, from, to: statSync(record).size })
    return result
  }

  const layer = randomBytes(50_000)
  const digest = digestOf(layer)
  await counted('blob push', () => pushBlob(server, 'power/app', layer, authorization))
  ack('a blob', (database, place) => isBlobThere(database, place, digest))
  const image = await counted('manifest push', () =>
    pushImage(server, 'power/app', { tag: 'first', layers: [layer] }, authorization),
  )
  ack('an image', (database, place) => {
    const hasTag = has(database, "select 1 from tag where name = 'first' and manifest_digest = ?", image.digest)
    return hasTag && isBlobThere(database, place, image.config.digest) && isBlobThere(database, place, digest)
  })
  const url = `${registryUrl(server)}/v2/power/app/manifests`
  await counted('tag', async () => {
    const headers = { authorization, 'content-type': image.mediaType }
    const sent = { method: 'PUT', url: `${url}/second`, headers, body: image.manifest, caFile: server.caFile }
    expectStatus(await request(sent), 201)
  })
  ack('a tag', (database) => has(database, "select 1 from tag where name = 'second'"))
  const { appId: username, password } = servicePrincipal
  const scope = ['repository:power/audited:pull']
  await counted('token', () => accessToken(server, { username, password }, scope))
  ack('the event of a token', (database) =>
    has(database, "select 1 from audit_event where action = 'token.issue' and detail like '%power/audited%'"),
  )
  const token = await armToken(server)
  await counted('ARM write', async () =>
    expectStatus(await arm(as(server, token), 'PATCH', registryId(server), { tags: { power: 'kept' } }), 200),
  )
  ack('a change of a registry', (database) =>
    has(database, `select 1 from registry where properties like '%"power":"kept"%'`),
  )
  await counted('delete', async () =>
    expectStatus(
      await request({
        method: 'DELETE',
        url: `${url}/${image.digest}`,
        headers: { authorization },
        caFile: server.caFile,
      }),
      202,
    ),
  )
  ack('a deletion', (database) => !has(database, "select 1 from tag where name in ('first', 'second')"))
  const last = await pushImage(server, 'power/last', { tag: '1', layers: [randomBytes(50_000)] }, authorization)
  ack('another image', (database) => has(database, 'select 1 from tag where manifest_digest = ?', last.digest))
  await server.kill()

  for (const [index, { what, recordBytes, isThere }] of acknowledged.entries()) {
    const left = join(scratch.path, `left-${index}`)
    writeLeft(scratch.path, recordBytes, left)
    const place = join(left, 'data')
    const database = new DatabaseSync(join(place, 'acrux.db'))
    assert.ok(isThere(database, place), `${what} is lost by a power failure right after its answer`)
    assert.deepEqual(Object.values(database.prepare('pragma integrity_check').get() ?? {}), ['ok'])
    database.close()
    if (index + 1 < acknowledged.length) rmSync(left, { recursive: true })
  }

  for (const { what, from, to } of marks) {
    const calls = readSystemCalls(record, to).slice(readSystemCalls(record, from).length)
    assertFlushes(what, calls, server.dataDir)
  }

  const again = join(scratch.path, `left-${acknowledged.length - 1}`, 'data')
  await using restarted = await startServer({ dataDir: again, args, port: server.port })
  const pulled = await request({
    url: `${registryUrl(restarted)}/v2/power/last/manifests/1`,
    headers: { authorization },
    caFile: restarted.caFile,
  })
  assert.equal(digestOf(expectStatus(pulled, 200).body), last.digest)
  for (const part of [last.config, ...last.layers]) {
    const blob = await request({
      url: `${registryUrl(restarted)}/v2/power/last/blobs/${part.digest}`,
      headers: { authorization },
      caFile: restarted.caFile,
    })
    assert.equal(digestOf(expectStatus(blob, 200).body), part.digest)
  }
})

/** The least that has to happen before an answer. */
function assertFlushes(what: string, calls: readonly SystemCall[], dataDir: string): void {
  const count = (name: RegExp, path: RegExp) =>
    calls.filter((call) => name.test(call.name) && path.test(call.path.slice(dataDir.length))).length
  const flush = /^f(?:data)?sync$/
  assert.ok(count(flush, /^\/acrux\.db-wal$/) >= 1, `${what}: no flush of the database`)
  if (what !== 'blob push') return
  assert.equal(count(flush, /^\/blobs\/staging\//), 1, 'the staged file is flushed once')
  assert.equal(count(/^rename/, /^\/blobs\/staging\//), 1, 'and renamed once')
  assert.ok(count(flush, /^\/blobs\/blobs\/sha256\/..$/) >= 1, 'and the directory of its name flushed')
}

test('the master key and the first run are flushed with their names before the start is reported', async (t) => {
  if (!requireClient(t, 'strace')) return
  using scratch = tempDir('power-start')
  const started = await startRecorded(scratch.path)
  await using server = started.server
  const recordBytes = statSync(started.record).size
  await server.kill()
  writeLeft(scratch.path, recordBytes, join(scratch.path, 'left'))
  for (const name of ['master.key', 'first-run.json', join('tls', 'ca.pem'), join('blobs', 'staging')]) {
    const [now, left] = ['data', 'left/data'].map((place) => join(scratch.path, place, name))
    if (name.endsWith('staging')) assert.ok(statSync(left ?? '').isDirectory(), name)
    else assert.equal(Buffer.compare(readFileSync(left ?? ''), readFileSync(now ?? '')), 0, name)
  }
})

test('the mark of the blobs survives a power failure, also if the process that wrote it was killed before the flush', async (t) => {
  if (!requireClient(t, 'strace')) return
  using scratch = tempDir('power-mark')
  const mark = randomUUID()
  // The directories are durable, and so is the content of the marks, but not their names.
  const files = new FlushedFiles(scratch.path)
  for (const name of ['data', 'data/blobs', 'data/blobs/blobs', 'data/blobs/blobs/sha256', 'data/blobs/blobs/sha512']) {
    const directory = join(scratch.path, name)
    mkdirSync(directory, { mode: 0o700 })
    files.replay([systemCall('mkdir', directory), systemCall('fsync', dirname(directory))])
    if (!name.includes('sha')) continue
    const file = join(directory, 'installation')
    writeFileSync(file, mark)
    const written = systemCall('write', file, { data: Buffer.from(mark), offset: 0 })
    files.replay([systemCall('openat', file, { second: 'O_CREAT' }), written, systemCall('fsync', file)])
  }
  const { record, server } = await startRecorded(scratch.path)
  await server.kill()
  files.replay(readSystemCalls(record))
  files.writeTo(join(scratch.path, 'left'))
  await using restarted = await startServer({ dataDir: join(scratch.path, 'left', 'data') })
  assert.equal(readFileSync(join(restarted.dataDir, 'blob-mark'), 'utf8').trim(), mark)
})

function systemCall(name: string, path: string, parts: Partial<SystemCall> = {}): SystemCall {
  return { name, path, second: '', data: Buffer.alloc(0), offset: undefined, ...parts }
}

test('a backup is whole after a power failure when it was reported as complete', async (t) => {
  if (!requireClient(t, 'strace')) return
  using scratch = tempDir('power-backup')
  const dataDir = join(scratch.path, 'server', 'data')
  await using server = await startServer({ dataDir })
  const { appId, password } = server.firstRun.servicePrincipal
  const image = await pushImage(server, 'power/app', '1', basic(appId, password))
  await server.stop()
  const record = join(scratch.path, 'record')
  const create = ['backup', 'create', join(scratch.path, 'backups', 'all'), '--data-dir', dataDir]
  await mustRun('strace', [...recordingTo(record), process.execPath, mainFile, ...create], { env: {} })
  const left = join(scratch.path, 'left')
  const files = new FlushedFiles(join(scratch.path, 'backups'))
  files.replay(readSystemCalls(record, statSync(record).size))
  files.writeTo(left)
  const verified = await runAcrux(['backup', 'verify', join(left, 'all'), '--json'])
  assert.equal(verified.code, 0, verified.stderr)
  const pool = globSync(join(left, 'all', 'blobs', 'sha256', '*', '*')).map((file) => digestOf(readFileSync(file)))
  assert.deepEqual(new Set(pool), new Set([image.config, ...image.layers].map(({ digest }) => digest)))
})
