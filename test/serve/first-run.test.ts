import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { at, listAt, stringAt } from '../harness/json.ts'
import { request } from '../harness/http.ts'
import { mainFile, sourceFile } from '../harness/program.ts'
import { assertStartsWithin, processorSeconds } from '../harness/processor-time.ts'
import { basic } from '../harness/registry.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
import { freePlace, runAcrux, startAcrux } from './acrux.ts'

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

async function readFirstRun(dataDir: string): Promise<unknown> {
  return JSON.parse(await readFile(join(dataDir, 'first-run.json'), 'utf8'))
}

test('The first start writes `first-run.json` with exactly what signing in takes, for its owner alone', async () => {
  await using server = await startServer({ registry: 'contoso' })
  const { mode } = await stat(join(server.dataDir, 'first-run.json'))
  assert.equal(mode & 0o777, 0o600)
  const content = await readFirstRun(server.dataDir)
  assert.ok(typeof content === 'object' && content !== null)
  const keys =
    'tenantId subscriptionId resourceGroup registry loginServer resourceManager caFile owner servicePrincipal'
  assert.deepEqual(Object.keys(content).sort(), keys.split(' ').sort())
  assert.deepEqual(Object.keys(at(content, 'owner') ?? {}).sort(), ['password', 'userPrincipalName'])
  assert.deepEqual(Object.keys(at(content, 'servicePrincipal') ?? {}).sort(), ['appId', 'password'])
  for (const key of ['tenantId', 'subscriptionId']) assert.match(stringAt(content, key), guid)
  assert.match(stringAt(content, 'servicePrincipal', 'appId'), guid)
  assert.match(stringAt(content, 'owner', 'userPrincipalName'), /^[^@]+@[^@]+$/)
  assert.equal(stringAt(content, 'resourceGroup'), 'default')
  assert.equal(stringAt(content, 'registry'), 'contoso')
  assert.equal(stringAt(content, 'loginServer'), `localhost:${server.port}`)
  assert.equal(stringAt(content, 'resourceManager'), `https://localhost:${server.port}`)
  assert.match(await readFile(stringAt(content, 'caFile'), 'utf8'), /^-----BEGIN CERTIFICATE-----/)
})

test('The first start says what to type next, for docker, podman and az, and prints no secret', async () => {
  using place = await freePlace()
  await using server = await startAcrux(place.args)
  const content = await readFirstRun(place.dataDir)
  const words = [
    'acrux login --first-run',
    'acrux env podman',
    'acrux env docker',
    'acrux acr login -n myregistry',
    'az login',
  ]
  for (const word of words) {
    assert.ok(server.stdout().includes(word), word)
  }
  const output = server.stdout() + server.stderr()
  for (const owner of ['owner', 'servicePrincipal']) {
    assert.equal(output.includes(stringAt(content, owner, 'password')), false)
  }
  assert.equal(server.stdout().match(/^acrux: ready at /gm)?.length, 1)
})

test('acrux owner first-run prints one value of the first start, or all of them', async () => {
  await using server = await startServer({ firstStart: true })
  const at = ['--data-dir', server.dataDir]
  const show = (...args: string[]) => runAcrux(['owner', 'first-run', ...args, ...at])
  const { owner, servicePrincipal } = server.firstRun
  assert.equal((await show('servicePrincipal.password')).stdout, `${servicePrincipal.password}\n`)
  assert.ok((await show()).stdout.includes(`owner.password             ${owner.password}\n`))
  assert.deepEqual(JSON.parse((await show('--json')).stdout), await readFirstRun(server.dataDir))
  const unknown = await show('owner')
  assert.deepEqual([unknown.code, unknown.stdout], [2, ''])
  assert.match(unknown.stderr, /owner\.userPrincipalName/)
  await rm(join(server.dataDir, 'first-run.json'))
  const missing = await show('tenantId')
  assert.deepEqual([missing.code, missing.stdout], [13, ''])
})

test('What the server makes is for its own user: no file of the data directory is open to others', async () => {
  await using server = await startServer({ firstStart: true })
  const names = [
    '.',
    'first-run.json',
    'acrux.db',
    'master.key',
    'lock',
    'blobs',
    'tls',
    'tls/ca.key',
    'tls/server.pem',
  ]
  for (const name of names) {
    const { mode } = await stat(join(server.dataDir, name))
    assert.equal(mode & 0o077, 0, `${name} has mode ${(mode & 0o777).toString(8)}`)
  }
})

test('A second start changes nothing of the first and takes little more of a processor than loading its code', async (t) => {
  using place = await freePlace()
  const startAndStop = async (): Promise<{ seconds: number; stdout: string; firstRun: string }> => {
    const begun = performance.now()
    await using server = await startAcrux(place.args)
    // Not by the wall clock: the machine that runs the tests has other things to do.
    const seconds = process.platform === 'linux' ? processorSeconds(server.pid) : (performance.now() - begun) / 1000
    const firstRun = await readFile(join(place.dataDir, 'first-run.json'), 'utf8')
    server.signal('SIGTERM')
    assert.equal((await server.ended).code, 0)
    return { seconds, stdout: server.stdout(), firstRun }
  }
  const first = await startAndStop()
  // The sources are a thousand files more.
  const times = mainFile === sourceFile ? 7 : 3
  await assertStartsWithin(times, t, async () => {
    const later = await startAndStop()
    assert.equal(later.firstRun, first.firstRun)
    assert.match(later.stdout, /^acrux: portal at \S+\/portal\/\nacrux: ready at \S+\n$/)
    return later.seconds
  })
})

/** All that must differ between two installs. */
async function secretsOf(server: RunningServer): Promise<string[]> {
  const { firstRun, dataDir } = server
  const keysUrl = `${server.baseUrl}/${firstRun.tenantId}/discovery/v2.0/keys`
  const keys = await request({ url: keysUrl, caFile: server.caFile })
  assert.equal(keys.status, 200, keys.text())
  const signingKeys = listAt(keys.json(), 'keys').flatMap((key) => [stringAt(key, 'kid'), stringAt(key, 'n')])
  assert.ok(signingKeys.length > 0)
  const authority = new X509Certificate(await readFile(firstRun.caFile))
  using database = new DatabaseSync(join(dataDir, 'acrux.db'), { readOnly: true })
  const acrKeys = database.prepare('select kid, public_jwk from signing_key').all()
  return [
    firstRun.tenantId,
    firstRun.subscriptionId,
    firstRun.owner.password,
    firstRun.servicePrincipal.appId,
    firstRun.servicePrincipal.password,
    (await readFile(join(dataDir, 'master.key'))).toString('hex'),
    authority.fingerprint256,
    authority.serialNumber,
    ...signingKeys,
    ...acrKeys.flatMap((row) => [String(row['kid']), String(row['public_jwk'])]),
  ]
}

test('Two fresh installs share no secret, no key and no identifier', async () => {
  await using one = await startServer({ firstStart: true })
  await using other = await startServer({ firstStart: true })
  const theirs = new Set(await secretsOf(other))
  assert.deepEqual(
    (await secretsOf(one)).filter((secret) => theirs.has(secret)),
    [],
  )
  const { appId, password } = one.firstRun.servicePrincipal
  const headers = { authorization: basic(appId, password) }
  const own = await request({ url: `${one.baseUrl}/v2/`, headers, caFile: one.caFile })
  const foreign = await request({ url: `${other.baseUrl}/v2/`, headers, caFile: other.caFile })
  assert.deepEqual([own.status, foreign.status], [200, 401])
  await assert.rejects(
    request({ url: `${other.baseUrl}/healthz`, caFile: one.caFile }),
    'its certificate is not trusted',
  )
})
