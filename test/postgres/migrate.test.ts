import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { layoutDigest, loggedIn } from '../clients/lib/steps.ts'
import { writeLayout } from '../clients/lib/oci-layout.ts'
import { startUnderTest, type UnderTest } from '../clients/lib/under-test.ts'
import { expectStatus } from '../harness/arm.ts'
import { findProgram, mustRun, notRunReason } from '../harness/clients.ts'
import { request } from '../harness/http.ts'
import { at, stringAt } from '../harness/json.ts'
import { askToken, azClientId, signInPerson } from '../harness/person.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import {
  accessToken,
  askAccessToken,
  basic,
  digestOf,
  get,
  type PushedImage,
  pushImage,
  registryUrl,
} from '../harness/registry.ts'
import { startServer, type RunningServer, StartFailed } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { runAcrux, startProgram } from '../serve/acrux.ts'
import { azuriteAccount, hasAzurite, hasMoto, startAzurite, startMoto } from '../setup/object-servers.ts'

const name = 'moved'

/** The resource of sign-ins. */
const arm = 'https://management.core.windows.net/'

/** A new place for blobs: the settings of `storage`, and the variables with its credentials. */
type Place = AsyncDisposable & {
  readonly kind: string
  readonly settings: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
}

const places: Readonly<Record<string, { readonly isMissing: boolean; readonly open: () => Promise<Place> }>> = {
  'Azure Blob Storage': {
    isMissing: !hasAzurite(),
    open: async () => {
      const { endpoint, stop } = await startAzurite()
      const credential = new StorageSharedKeyCredential(azuriteAccount.name, azuriteAccount.key)
      await new ContainerClient(`${endpoint}/${name}`, credential).create()
      return {
        kind: 'azure-blob',
        settings: { '--storage-azure-blob-endpoint': endpoint, '--storage-azure-blob-container': name },
        env: { AZURE_STORAGE_KEY: azuriteAccount.key },
        [Symbol.asyncDispose]: stop,
      }
    },
  },
  S3: {
    isMissing: !hasMoto(),
    open: async () => {
      const { endpoint, stop } = await startMoto()
      await request({ method: 'PUT', url: `${endpoint}/${name}` })
      const path = { '--storage-s3-path-style': 'true' }
      return {
        kind: 's3',
        settings: { '--storage-s3-endpoint': endpoint, '--storage-s3-bucket': name, ...path },
        env: { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test-secret' },
        [Symbol.asyncDispose]: stop,
      }
    },
  },
}

/** The options of `acrux migrate` for a new place. */
function optionsFor(database: { readonly args: readonly string[] }, { kind, settings }: Place): string[] {
  const others = Object.entries(settings).flat()
  return [...database.args, '--storage', kind, ...others].map((text) => text.replace(/^--/, '--to-'))
}

/** Pushes and pulls images until the end of the test at the latest. */
function pushAndPull(server: RunningServer, authorization: string) {
  const pushed: [repository: string, image: PushedImage][] = []
  const stopping = new AbortController()
  const failures: string[] = []
  const push = async (who: string) => {
    for (let index = 0; !stopping.signal.aborted; index += 1) {
      const repository = `load/${who}${index % 5}`
      try {
        const layers = [randomBytes(30_000)]
        pushed.push([repository, await pushImage(server, repository, { tag: `${index}`, layers }, authorization)])
      } catch (error) {
        failures.push(String(error))
        await sleep(50)
      }
    }
  }
  const statuses = new Set<number | string>()
  const pull = async () => {
    while (!stopping.signal.aborted) {
      const [repository, image] = pushed[Math.floor(Math.random() * pushed.length)] ?? []
      if (image === undefined) await sleep(20)
      else
        statuses.add(
          await get(server, `/v2/${repository}/manifests/${image.digest}`, authorization).then(
            ({ status }) => status,
            String,
          ),
        )
    }
  }
  const running = Promise.all([push('a'), push('b'), pull()])
  const stop = async () => {
    stopping.abort()
    await running
  }
  return { pushed, failures, statuses, stop, [Symbol.asyncDispose]: stop }
}

/** Every image is served with all its bytes. */
async function assertImages(server: RunningServer, images: readonly [string, PushedImage][], authorization: string) {
  for (const [repository, { digest, layers }] of images) {
    const manifest = await get(server, `/v2/${repository}/manifests/${digest}`, authorization)
    assert.equal(manifest.status, 200, `${repository}@${digest}: ${manifest.text()}`)
    assert.equal(digestOf(manifest.body), digest)
    for (const layer of layers) {
      const blob = await get(server, `/v2/${repository}/blobs/${layer.digest}`, authorization)
      assert.equal(blob.status, 200)
      assert.equal(digestOf(blob.body), layer.digest)
    }
  }
}

/** Everybody gets a token with the secret of before. */
async function assertSignIns(under: UnderTest, refreshToken: string): Promise<void> {
  for (const [who, login] of Object.entries(under.logins)) {
    await accessToken(under.server, login, ['repository:clients/x:pull']).catch((cause: unknown) => {
      throw new Error(`${who} gets no token`, { cause })
    })
  }
  const scope = `${arm}/.default`
  const fields = { client_id: azClientId, scope }
  expectStatus(
    await askToken(under.server, { grant_type: 'refresh_token', refresh_token: refreshToken, ...fields }),
    200,
  )
  await signInPerson(under.server, under.server.firstRun.owner, arm)
}

/** The audit log is whole, and all stored content matches its digests. */
async function assertSound(server: RunningServer, config: string, env: Place['env']): Promise<void> {
  await server.stop()
  for (const command of [['audit', 'verify'], ['scrub']]) {
    const checked = await runAcrux([...command, '--config', config], { env })
    assert.equal(checked.code, 0, `${command.join(' ')}: ${checked.stdout}${checked.stderr}`)
  }
}

/** A configuration with the settings that `acrux migrate` printed. */
async function settingsOf(server: RunningServer, stdout: string): Promise<string> {
  const file = join(server.dataDir, '..', 'acrux.yaml')
  const settings = stdout.slice(stdout.indexOf('\n\n') + 2)
  await writeFile(file, `dataDir: ${server.dataDir}\n${settings}`)
  return file
}

for (const [what, { isMissing, open }] of Object.entries(places)) {
  const title = `a server under load moves to PostgreSQL and ${what}, and back, with all images, sign-ins and the audit log`
  test(title, { skip: isMissing && `${notRunReason}${what}` }, async (t) => {
    if (!requirePostgres(t)) return
    await using postgres = await startTestPostgres()
    const database = postgres.createDatabase('moved')
    await using place = await open()
    await using under = await startUnderTest({ args: ['--log-level', 'info'] })
    const { server } = under
    const { appId, password } = server.firstRun.servicePrincipal
    const owner = basic(appId, password)
    const { refresh } = await signInPerson(server, server.firstRun.owner, arm)
    const options = optionsFor(database, place)
    const move = ['migrate', '--data-dir', server.dataDir]
    const large = await pushImage(server, 'team/large', { tag: '1', layers: [randomBytes(12_000_000)] }, owner)

    const dry = await runAcrux([...move, ...options, '--dry-run', '--json'], { env: place.env })
    assert.equal(dry.code, 0, dry.stderr)
    assert.ok(Number(at(JSON.parse(dry.stdout), 'blobs', 'sizeBytes')) > 12_000_000)
    assert.ok(Number(at(JSON.parse(dry.stdout), 'rows', 'manifest')) > 0)
    assert.equal(database.query('select count(*) from pg_tables where schemaname = current_schema()'), '0')

    await using load = pushAndPull(server, owner)
    await until('the first pushes', () => load.pushed.length > 10)
    const moved = await runAcrux([...move, ...options], { env: place.env })
    assert.equal(moved.code, 0, moved.stdout + moved.stderr)
    assert.match(moved.stdout, /^moved \d+ tables with \d+ rows/m)
    assert.match(moved.stdout, /^database:\n {2}url: postgres:.*\n {2}passwordFile: \/.*\nstorage:\n {2}kind: /m)
    await until('a push is rejected', () => load.failures.length > 0)
    await load.stop()
    assert.deepEqual([...load.statuses], [200], 'pulls continue')
    for (const failure of load.failures) assert.match(failure, /status 503/)

    const answer = await request({
      method: 'POST',
      url: `${registryUrl(server)}/v2/team/late/blobs/uploads/`,
      headers: { authorization: owner },
      caFile: server.caFile,
    })
    assert.equal(answer.status, 503)
    assert.match(String(answer.headers['retry-after']), /^[1-9]\d*$/)
    assert.match(answer.text(), /is moving all data/)
    const tokens = await askAccessToken(server, under.logins['the admin account'], ['repository:clients/x:pull'])
    assert.equal(tokens.status, 200, 'tokens continue')
    assert.ok(existsSync(join(server.dataDir, 'waiting-inserts')), 'and their events are kept')

    await assert.rejects(server.restart(), StartFailed, 'the old settings are rejected')
    const config = await settingsOf(server, moved.stdout)
    await server.restart({ args: ['--config', config], env: place.env })
    assert.ok(!existsSync(join(server.dataDir, 'waiting-inserts')))
    await assertImages(server, [['team/large', large], ...load.pushed], owner)
    await assertSignIns(under, refresh)
    await pushImage(server, 'team/after', '1', owner)
    await useSkopeo(under)
    assert.ok(Number(database.query('select value from authority_revision')) > 1)
    await assertSound(server, config, place.env)

    await rename(join(server.dataDir, 'blobs'), join(server.dataDir, 'old-blobs'))
    await server.restart()
    await using later = pushAndPull(server, owner)
    await until('pushes at the new place', () => later.pushed.length > 5)
    const back = ['migrate', '--config', config, '--to-database', 'sqlite', '--to-storage', 'filesystem']
    const returned = await runAcrux([...back, '--json'], { env: place.env })
    assert.equal(returned.code, 0, returned.stdout + returned.stderr)
    assert.equal(at(JSON.parse(returned.stdout), 'wasRunning'), true)
    assert.match(stringAt(JSON.parse(returned.stdout), 'moved', 'tables', 'manifest', 'sha256'), /^[0-9a-f]{64}$/)
    await until('a push is rejected', () => later.failures.length > 0)
    await later.stop()
    await server.restart({})
    await assertImages(server, [['team/large', large], ...load.pushed, ...later.pushed], owner)
    for (const login of Object.values(under.logins)) await accessToken(server, login, ['repository:clients/x:pull'])
    await pushImage(server, 'team/after', '2', owner)
    await assertSound(server, await settingsOf(server, '\n\n'), {})
    t.diagnostic(`images pushed during the moves: ${load.pushed.length} and ${later.pushed.length}`)
  })
}

/** A real client pushes and pulls. */
async function useSkopeo(under: UnderTest): Promise<void> {
  if (findProgram('skopeo') === undefined) return
  using home = await loggedIn('skopeo', under, under.logins['the admin account'])
  const { env } = home
  const { digest } = writeLayout(join(home.path, 'image'), { text: 'after the move' })
  const image = `docker://${under.host}/clients/skopeo:1`
  await mustRun('skopeo', ['copy', `oci:${join(home.path, 'image')}:1`, image], { env })
  await mustRun('skopeo', ['copy', image, `oci:${join(home.path, 'back')}:1`], { env })
  assert.equal(layoutDigest(join(home.path, 'back')), digest)
}

test('a move that is killed at any moment continues, and the server accepts changes again meanwhile', async (t) => {
  if (!requirePostgres(t)) return
  if (!hasAzurite()) return t.skip(`${notRunReason}Azurite`)
  await using postgres = await startTestPostgres()
  const database = postgres.createDatabase('killed')
  const open = places['Azure Blob Storage']?.open
  assert.ok(open !== undefined)
  await using place = await open()
  await using server = await startServer()
  const { appId, password } = server.firstRun.servicePrincipal
  const owner = basic(appId, password)
  const images: [string, PushedImage][] = []
  for (let index = 0; index < 30; index += 1) {
    const layers = [randomBytes(400_000)]
    images.push([`team/app${index}`, await pushImage(server, `team/app${index}`, { tag: '1', layers }, owner)])
  }
  const options = optionsFor(database, place)
  const move = ['migrate', '--data-dir', server.dataDir, ...options]
  const kill = async (when: (stderr: string) => boolean) => {
    await using killed = startProgram(move, { env: place.env })
    await until('the moment', () => when(killed.stderr()))
    killed.signal('SIGKILL')
    assert.equal((await killed.ended).signal, 'SIGKILL', 'it was not killed in time')
  }
  await kill((stderr) => /blobs, round 1/.test(stderr))
  images.push(['team/between', await pushImage(server, 'team/between', '1', owner)])
  for (const share of ['1', '5', '9']) await kill((stderr) => new RegExp(`${share}0 % (?:blobs|rows)`).test(stderr))
  const elsewhere = await runAcrux(['migrate', '--data-dir', server.dataDir, '--to-database', database.url])
  assert.equal(elsewhere.code, 2)
  assert.match(elsewhere.stderr, /a move to .* was begun/)
  await kill((stderr) => /last step/.test(stderr))
  await until('changes are accepted again', async () => {
    const pushed = await pushImage(server, 'team/again', '1', owner).catch(() => undefined)
    if (pushed !== undefined) images.push(['team/again', pushed])
    return pushed !== undefined
  })
  const moved = await runAcrux(move, { env: place.env })
  assert.equal(moved.code, 0, moved.stderr)
  const config = await settingsOf(server, moved.stdout)
  await server.restart({ args: ['--config', config], env: place.env })
  await assertImages(server, images, owner)
  await assertSound(server, config, place.env)
})

test('a place that is not empty, or wrong options, are rejected before anything is written', async (t) => {
  if (!requirePostgres(t)) return
  await using postgres = await startTestPostgres()
  const database = postgres.createDatabase('used')
  database.query('create table something (id integer)')
  await using server = await startServer()
  const move = ['migrate', '--data-dir', server.dataDir]
  const rejected = async (args: readonly string[], words: RegExp) => {
    const { code, stderr } = await runAcrux([...move, ...args])
    assert.equal(code, 2, stderr)
    assert.match(stderr, words)
    assert.ok(!existsSync(join(server.dataDir, 'migrating', 'state.json')))
  }
  const target = database.args.map((text) => text.replace(/^--/, '--to-'))
  await rejected(target, /is not empty/)
  await rejected([], /there is nothing to move/)
  await rejected(['--to-database', 'sqlite'], /already/)
  await rejected(['--to-storage', 'filesystem'], /already/)
  await rejected(['--to-database', 'postgres://acrux:secret1@localhost/x'], /must contain no password/)
  const { stderr } = await runAcrux([...move, '--to-database', 'postgres://acrux:secret1@localhost/x'])
  assert.doesNotMatch(stderr, /secret1/)
  const { appId, password } = server.firstRun.servicePrincipal
  await pushImage(server, 'team/app', '1', basic(appId, password))
})
