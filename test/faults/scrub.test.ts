import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { copyFileSync, existsSync, globSync, readFileSync, rmSync, truncateSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { arm, expectStatus } from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { basic, digestOf, pushBlob, pushImage, putManifest, registryUrl } from '../harness/registry.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { fileOfBlob, flipBit } from '../harness/stored-blobs.ts'
import { until } from '../harness/until.ts'
import { runAcrux } from '../serve/acrux.ts'

function authorizationOf({ firstRun }: RunningServer): string {
  return basic(firstRun.servicePrincipal.appId, firstRun.servicePrincipal.password)
}

function head(server: RunningServer, repository: string, digest: string) {
  const url = `${registryUrl(server)}/v2/${repository}/blobs/${digest}`
  return request({
    method: 'HEAD',
    url,
    caFile: server.caFile,
    headers: { authorization: authorizationOf(server) },
  })
}

/** What a scrub reported, by the kind of each finding. */
function subjectsOf(report: unknown): Readonly<Record<string, string[]>> {
  return Object.groupBy(listAt(report, 'findings'), (finding) => stringAt(finding, 'kind')) as never
}

function found(report: unknown, kind: string): string[] {
  return (subjectsOf(report)[kind] ?? []).map((finding) => stringAt(finding, 'subject'))
}

/** Every file of a data directory but the database's own and the lock, with its bytes and time. */
function contentOf(dataDir: string): string {
  const files = globSync('**', { cwd: dataDir, withFileTypes: true }).filter((entry) => entry.isFile())
  const hash = createHash('sha256')
  for (const { parentPath, name } of files.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!/^(?:acrux\.db(?:-wal|-shm)|lock.*)$/.test(name))
      hash.update(name).update(readFileSync(join(parentPath, name)))
  }
  return hash.digest('hex')
}

describe('acrux scrub of a stopped server', () => {
  let server: RunningServer
  const blobs = {
    missing: randomBytes(2000),
    size: randomBytes(2000),
    digest: randomBytes(2000),
    whole: randomBytes(9),
  }
  const orphans = { young: randomBytes(100), old: randomBytes(100) }
  let staged = ''
  before(async () => {
    server = await startServer()
    const authorization = authorizationOf(server)
    await pushImage(server, 'sound/app', { tag: '1', layers: [blobs.whole] }, authorization)
    const begun = await request({
      method: 'POST',
      url: `${registryUrl(server)}/v2/sound/app/blobs/uploads/`,
      headers: { authorization },
      caFile: server.caFile,
    })
    staged = begun.headers.location ?? ''
    const url = new URL(staged, registryUrl(server))
    const sent = { method: 'PATCH', url, headers: { authorization }, caFile: server.caFile, body: Buffer.from('half') }
    expectStatus(await request(sent), 202)
    await server.stop()
  })
  after(() => server[Symbol.asyncDispose]())

  const scrub = (...flags: string[]) => runAcrux(['scrub', '--data-dir', server.dataDir, ...flags])
  const scrubJson = async (code: number, ...flags: string[]): Promise<unknown> => {
    const ran = await scrub('--json', ...flags)
    assert.equal(ran.code, code, ran.stderr)
    return JSON.parse(ran.stdout)
  }

  test('finds nothing wrong with what a server left, and says what it checked', async () => {
    const ran = await scrub()
    assert.equal(ran.code, 0, ran.stderr + ran.stdout)
    assert.match(
      ran.stdout,
      /^checked 2 blobs \(\d+ bytes\), 1 manifests, 2 files, \d+ audit events\nno problems found\n$/,
    )
    assert.match(ran.stderr, /^\d+ % blobs: /m, 'plain lines where there is no terminal')
    assert.ok(!ran.stderr.includes('\r'))
  })

  test('has its own exit codes for files that a crash left: 5, and 4 after it has removed them', async () => {
    const stored = fileOfBlob(server.dataDir, digestOf(blobs.whole))
    const left = `${stored.slice(0, -1)}${stored.endsWith('0') ? '1' : '0'}`
    const twoDaysAgo = Date.now() / 1000 - 2 * 86_400
    copyFileSync(stored, left)
    utimesSync(left, twoDaysAgo, twoDaysAgo)
    const harmless = await scrub()
    assert.equal(harmless.code, 5, harmless.stdout + harmless.stderr)
    assert.match(harmless.stderr, /^acrux: all content is intact/m)
    assert.ok(existsSync(left))
    assert.deepEqual(found(await scrubJson(4, '--repair'), 'file-without-row'), [digestOf(blobs.whole)])
    assert.equal((await scrub('--repair')).code, 0)
    assert.ok(!existsSync(left) && existsSync(stored))
  })

  test('finds every kind of damage, exits with 1 and changes nothing', async () => {
    await server.restart()
    const authorization = authorizationOf(server)
    const layers = [blobs.missing, blobs.size, blobs.digest]
    await pushImage(server, 'damaged/app', { tag: '1', layers }, authorization)
    const image = await pushImage(server, 'damaged/rows', '1', authorization)
    const annotations = { 'org.example.one': 'other' }
    const other = await pushImage(server, 'damaged/references', { tag: '1', annotations }, authorization)
    for (const bytes of [orphans.young, orphans.old]) await pushBlob(server, 'damaged/orphans', bytes, authorization)
    await server.stop()
    rmSync(fileOfBlob(server.dataDir, digestOf(blobs.missing)))
    truncateSync(fileOfBlob(server.dataDir, digestOf(blobs.size)), 100)
    flipBit(fileOfBlob(server.dataDir, digestOf(blobs.digest)))
    const twoDaysAgo = Date.now() / 1000 - 2 * 86_400
    utimesSync(fileOfBlob(server.dataDir, digestOf(orphans.old)), twoDaysAgo, twoDaysAgo)
    const database = new DatabaseSync(join(server.dataDir, 'acrux.db'))
    const config = other.config.digest
    database.prepare("update manifest set content = 'x' where digest = ?").run(image.digest)
    database.prepare('delete from manifest_reference where manifest_digest = ?').run(other.digest)
    for (const bytes of [orphans.young, orphans.old]) {
      database.prepare('delete from repository_blob where digest = ?').run(digestOf(bytes))
      database.prepare('delete from blob where digest = ?').run(digestOf(bytes))
    }
    const held = database.prepare('select repository_id from manifest where digest = ?').get(other.digest)
    const repository = stringAt(held, 'repository_id')
    database.prepare("insert into repository_blob values (?, 'sha256:0', 1, 1)").run(repository)
    const [layer] = other.layers
    const unlink = database.prepare('delete from repository_blob where digest = ? and repository_id = ?')
    unlink.run(layer?.digest ?? '', repository)
    const event = stringAt(
      database.prepare("select cast(seq as text) as seq from audit_event where action = 'manifest.push'").get(),
      'seq',
    )
    database.prepare("update audit_event set target = 'x' where seq = ?").run(Number(event))
    database.close()
    const stored = contentOf(server.dataDir)
    const report = await scrubJson(1)
    assert.deepEqual(found(report, 'blob-missing'), [digestOf(blobs.missing)])
    assert.deepEqual(found(report, 'blob-size'), [digestOf(blobs.size)])
    assert.deepEqual(found(report, 'blob-digest'), [digestOf(blobs.digest)])
    assert.deepEqual(found(report, 'manifest-digest'), [image.digest])
    assert.deepEqual(found(report, 'manifest-reference'), [layer?.digest])
    assert.deepEqual(found(report, 'manifest-reference-row').toSorted(), [config, layer?.digest ?? ''].toSorted())
    assert.deepEqual(found(report, 'blob-without-row'), ['sha256:0'])
    assert.deepEqual(
      found(report, 'file-without-row').toSorted(),
      [orphans.young, orphans.old].map(digestOf).toSorted(),
    )
    assert.deepEqual(found(report, 'audit-log'), [event])
    assert.ok(listAt(report, 'findings').every((finding) => at(finding, 'repaired') === false))
    assert.equal(contentOf(server.dataDir), stored)
    const text = await scrub()
    assert.equal(text.code, 1)
    assert.match(text.stdout, new RegExp(`^blob ${digestOf(blobs.digest)}: the file is corrupt$`, 'm'))
  })

  test('with --repair quarantines what is corrupt, and removes files without a row that are old', async () => {
    const young = globSync(`${join(server.dataDir, 'blobs', 'staging')}/*`)
    assert.equal(young.length, 1)
    const report = await scrubJson(1, '--repair')
    const repaired = listAt(report, 'findings').filter((finding) => at(finding, 'repaired') === true)
    const corrupt = [blobs.missing, blobs.size, blobs.digest].map(digestOf)
    for (const digest of [...corrupt, digestOf(orphans.old)]) {
      assert.ok(repaired.some((finding) => stringAt(finding, 'subject') === digest))
    }
    // The upload of neither file is open, so the age of the files does not matter.
    assert.throws(() => fileOfBlob(server.dataDir, digestOf(orphans.young)))
    assert.throws(() => fileOfBlob(server.dataDir, digestOf(orphans.old)))
    assert.deepEqual(globSync(`${join(server.dataDir, 'blobs', 'staging')}/*`), young)
    await server.restart()
    for (const digest of corrupt) assert.equal((await head(server, 'damaged/app', digest)).status, 404)
    const authorization = authorizationOf(server)
    const url = new URL(staged, registryUrl(server))
    const status = await request({ url, headers: { authorization }, caFile: server.caFile })
    assert.equal(status.headers.range, '0-3', 'an upload in progress goes on')
    for (const bytes of [blobs.missing, blobs.size, blobs.digest]) {
      await pushBlob(server, 'damaged/app', bytes, authorization)
      assert.equal((await head(server, 'damaged/app', digestOf(bytes))).status, 200)
    }
  })

  test('is denied while a server runs, with the way to scrub that', async () => {
    const ran = await scrub()
    assert.equal(ran.code, 12)
    assert.match(ran.stderr, /another server is using the data directory[^]*--server URL/)
  })

  test('is rejected where there is no data directory, or a flag is wrong', async () => {
    assert.equal((await runAcrux(['scrub', '--data-dir', join(server.dataDir, 'none')])).code, 13)
    assert.equal((await runAcrux(['scrub', '--server', 'https://x.example', '--data-dir', 'x'])).code, 2)
    assert.equal((await runAcrux(['scrub', '--nothing'])).code, 2)
    const help = await runAcrux(['scrub', '--help'])
    assert.equal(help.code, 0)
    assert.match(help.stdout, /Examples:[^]*Exit codes:\n  0 +no problems/)
  })
})

test('a scrub of a running server finds, and with repair quarantines, what a push then heals', async () => {
  await using server = await startServer({ args: ['--integrity-scrub-interval-seconds', '0'] })
  const authorization = authorizationOf(server)
  const layer = randomBytes(3_000_000)
  const digest = digestOf(layer)
  const image = await pushImage(server, 'running/app', { tag: '1', layers: [layer] }, authorization)
  flipBit(fileOfBlob(server.dataDir, digest))
  const path = `/subscriptions/${server.firstRun.subscriptionId}/providers/Acrux.Server/scrub?api-version=2024-11-01`
  assert.equal(at((await arm(server, 'GET', path)).json(), 'requested'), null)
  for (const repair of [false, true]) {
    expectStatus(await arm(server, 'POST', path, { repair }), 202)
    let report: unknown
    await until('the end of the scrub', async () => {
      report = at(expectStatus(await arm(server, 'GET', path), 200).json(), 'requested')
      return stringAt(report, 'state') !== 'running'
    })
    assert.equal(stringAt(report, 'state'), 'completed')
    assert.deepEqual(found(report, 'blob-digest'), [digest])
    assert.equal(at(report, 'findingCount'), 1)
    assert.equal((await head(server, 'running/app', digest)).status, repair ? 404 : 200)
    assert.equal(at((await arm(server, 'GET', path)).json(), 'quarantined'), repair ? 1 : 0)
  }
  const sent = { mediaType: image.mediaType, bytes: image.manifest }
  assert.equal((await putManifest(server, 'running/app', { reference: '2', ...sent }, authorization)).status, 400)
  await pushBlob(server, 'running/app', layer, authorization)
  assert.equal((await head(server, 'running/app', digest)).status, 200)
  assert.equal((await putManifest(server, 'running/app', { reference: '2', ...sent }, authorization)).status, 201)
})

test('the background scrub quarantines corrupt content, and blobs that are restored are served again', async () => {
  await using server = await startServer({ args: ['--integrity-scrub-interval-seconds', '1'] })
  const authorization = authorizationOf(server)
  const layer = randomBytes(100_000)
  const image = await pushImage(server, 'background/app', { tag: '1', layers: [layer] }, authorization)
  const file = fileOfBlob(server.dataDir, digestOf(layer))
  flipBit(file)
  const isUnknown = async () => (await head(server, 'background/app', digestOf(layer))).status === 404
  await until('the quarantine of the blob', isUnknown)
  const isLogged = () => /a stored blob is corrupt and was quarantined/.test(server.output())
  await until('a line in the log', isLogged)
  const stateOf = async () => {
    const answer = expectStatus(await request({ url: `${server.baseUrl}/readyz`, caFile: server.caFile }), 200)
    const found = listAt(answer.json(), 'components').find((each) => at(each, 'name') === 'stored-content')
    return stringAt(found, 'state')
  }
  await until('a degraded component', async () => (await stateOf()) === 'degraded')
  flipBit(file)
  await until('the end of the quarantine', async () => !(await isUnknown()))
  await server.stop()
  const database = new DatabaseSync(join(server.dataDir, 'acrux.db'))
  database.prepare("update manifest set content = 'x' where digest = ?").run(image.digest)
  database.close()
  await server.restart()
  const url = `${registryUrl(server)}/v2/background/app/manifests/${image.digest}`
  await until('the quarantine of the manifest', async () => {
    const answer = await request({ method: 'HEAD', url, headers: { authorization }, caFile: server.caFile })
    return answer.status === 404
  })
  const sent = { mediaType: image.mediaType, bytes: image.manifest }
  assert.equal((await putManifest(server, 'background/app', { reference: '1', ...sent }, authorization)).status, 201)
  const healed = await request({ url, headers: { authorization }, caFile: server.caFile })
  assert.equal(digestOf(healed.body), image.digest)
})

test('the background scrub reads no faster than allowed, and resumes after a kill', async () => {
  const args = ['--integrity-scrub-interval-seconds', '3', '--integrity-scrub-bytes-per-second', '100000']
  await using server = await startServer({ args: [...args, '--integrity-scrub-interval-seconds', '0'] })
  const authorization = authorizationOf(server)
  for (let count = 0; count < 12; count += 1) await pushBlob(server, 'slow/app', randomBytes(100_000), authorization)
  await server.stop()
  const slow = await startServer({ args, dataDir: server.dataDir, port: server.port })
  await using _ = slow
  const row = () => {
    const database = new DatabaseSync(join(server.dataDir, 'acrux.db'), { readOnly: true })
    const found = database.prepare('select * from scrub').get()
    database.close()
    return found
  }
  const begunAt = performance.now()
  await until('a place in the middle', () => at(row(), 'step') === 'blobs' && at(row(), 'place') !== '')
  const atKill = row()
  await slow.kill()
  await slow.restart()
  await until('the end', () => at(row(), 'completed_at_ms') !== null)
  const seconds = (performance.now() - begunAt) / 1000
  assert.ok(seconds > 6, `1.2 MB were read in ${seconds} s`)
  assert.equal(at(atKill, 'completed_at_ms'), null)
  const database = new DatabaseSync(join(server.dataDir, 'acrux.db'), { readOnly: true })
  const verified = database.prepare('select digest, verified_at_ms from blob order by digest').all()
  database.close()
  const before = verified.filter((blob) => stringAt(blob, 'digest') <= stringAt(atKill, 'place'))
  const first = Math.min(...verified.map((blob) => Number(at(blob, 'verified_at_ms'))))
  assert.ok(before.length > 0 && before.length < verified.length)
  assert.equal(Number(at(before[0], 'verified_at_ms')), first, 'what was read before the kill was not read again')
})
