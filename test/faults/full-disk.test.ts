import assert from 'node:assert/strict'
import { rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { arm, armToken, principalWithRole, registryId, roles } from '../harness/arm.ts'
import { clientHome, mustRun, requireClient, requireRoot } from '../harness/clients.ts'
import { request, type HttpResponse } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { accessToken, basic, digestOf, pushImage, registryUrl } from '../harness/registry.ts'
import { createScopedToken, putScopeMap } from '../harness/scoped-tokens.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { mountSmallDisk } from './small-disk.ts'
import { prepareSurfaceWrites, requireErrorFormat } from './surface-writes.ts'

/** The size of the disk that is filled; 3072 is what a small machine has. */
const diskMebibytes = Number(process.env['ACRUX_TEST_DISK_MIB'] ?? 160)
const mebibyte = 1024 * 1024

type Sent = {
  readonly method?: string
  readonly path: string
  readonly authorization: string
  readonly body?: Buffer | Readable
}

const send = (server: RunningServer, { method = 'GET', path, authorization, body }: Sent): Promise<HttpResponse> =>
  request({
    method,
    url: new URL(path, registryUrl(server)),
    caFile: server.caFile,
    headers: { authorization },
    ...(body !== undefined && { body }),
  })

async function beginUpload(server: RunningServer, repository: string, authorization: string): Promise<string> {
  const begun = await send(server, { method: 'POST', path: `/v2/${repository}/blobs/uploads/`, authorization })
  assert.equal(begun.status, 202, begun.text())
  return begun.headers.location ?? ''
}

function assertNoSpace(answer: HttpResponse): void {
  assert.equal(answer.status, 507, answer.text())
  assert.equal(stringAt(answer.json(), 'errors', 0, 'code'), 'UNAVAILABLE')
  assert.match(String(answer.headers['retry-after']), /^\d+$/)
}

/** The state of the disk as `/readyz` reports it; the answer itself must be 200. */
async function diskState(server: RunningServer): Promise<unknown> {
  const ready = await request({ url: `${server.baseUrl}/readyz`, caFile: server.caFile })
  assert.equal(ready.status, 200, ready.text())
  const row = listAt(ready.json(), 'components').find((one) => at(one, 'name') === 'disk-space')
  return at(row, 'state')
}

/** Sends so much to uploads that are left open as the server takes; returns the last answer and the uploads. */
async function fillWithUploads(
  server: RunningServer,
  repository: string,
  bearer: () => Promise<string>,
): Promise<{ last: HttpResponse; locations: string[] }> {
  const piece = Buffer.alloc((diskMebibytes * mebibyte) / 40, 'f')
  const locations: string[] = []
  for (let count = 0; count < 60; count += 1) {
    const begun = await send(server, {
      method: 'POST',
      path: `/v2/${repository}/blobs/uploads/`,
      authorization: await bearer(),
    })
    if (begun.status !== 202) return { last: begun, locations }
    const location = begun.headers.location ?? ''
    const patched = await send(server, {
      method: 'PATCH',
      path: location,
      authorization: await bearer(),
      body: Readable.from(chunksOf(piece)),
    })
    if (patched.status !== 202) return { last: patched, locations }
    locations.push(location)
  }
  throw new Error('the disk took more than it has')
}

function* chunksOf(piece: Buffer): Generator<Buffer> {
  for (let start = 0; start < piece.length; start += mebibyte) yield piece.subarray(start, start + mebibyte)
}

test('a disk that a scoped token fills with open uploads stops pushes alone, and recovers by itself', async (t) => {
  if (!requireRoot(t) || !requireClient(t, 'podman')) return
  using disk = mountSmallDisk(diskMebibytes)
  await using server = await startServer({ dataDir: join(disk.path, 'data') })
  const { servicePrincipal, loginServer } = server.firstRun
  const owner = basic(servicePrincipal.appId, servicePrincipal.password)
  await putScopeMap(server, 'fillers', ['repositories/noise/content/write', 'repositories/noise/content/read'])
  const filler = await createScopedToken(server, 'filler', 'fillers')
  const bearer = async (): Promise<string> =>
    `Bearer ${await accessToken(server, filler, ['repository:noise:pull,push'])}`
  using home = clientHome(server.caFile)
  const login = async (): Promise<void> => {
    const args = ['login', '-u', servicePrincipal.appId, '--password-stdin', loginServer]
    await mustRun('podman', args, { env: home.env, input: servicePrincipal.password })
  }
  await login()
  writeFileSync(join(home.path, 'tmp', 'text'), 'an image')
  writeFileSync(join(home.path, 'tmp', 'Containerfile'), 'FROM scratch\nCOPY text /text\n')
  const name = `${loginServer}/team/app:1`
  const isolation = ['--isolation', 'chroot', '--network', 'host']
  await mustRun('podman', ['build', '-q', ...isolation, '-t', name, join(home.path, 'tmp')], { env: home.env })
  await mustRun('podman', ['push', name], { env: home.env })
  const pull = async (): Promise<void> => {
    await mustRun('podman', ['rmi', '--all', '--force'], { env: home.env })
    await mustRun('podman', ['pull', '-q', name], { env: home.env })
  }
  assert.equal(await diskState(server), 'ok')

  // Another caller is sending all the while.
  const pusher = await principalWithRole(server, 'pusher', roles.acrPush)
  const theirs = basic(pusher.appId, pusher.password)
  const active = await beginUpload(server, 'team/active', theirs)
  const source = new Readable({ read: () => undefined })
  const sending = send(server, { method: 'PATCH', path: active, authorization: theirs, body: source })
  const content: Buffer[] = []
  const sendMore = (): void => {
    const piece = Buffer.alloc(40_000, content.length)
    content.push(piece)
    source.push(piece)
  }
  sendMore()
  // No faster than others notice, and no slower than a server waits for.
  const going = setInterval(sendMore, 250)
  t.after(() => clearInterval(going))

  const filled = await fillWithUploads(server, 'noise', bearer)
  assertNoSpace(filled.last)
  assert.ok(filled.locations.length > 5, `${filled.locations.length} uploads filled the disk`)
  const reserveBytes = (diskMebibytes * mebibyte) / 4
  assert.ok(disk.freeBytes() > reserveBytes / 2, `${disk.freeBytes()} bytes are left`)

  await login()
  await pull()
  await armToken(server)
  assert.equal(
    (await send(server, { method: 'DELETE', path: '/v2/team/app/manifests/none', authorization: owner })).status,
    404,
  )
  await diskState(server)

  // The idle uploads make room, and the active one stays.
  await until('pushes are taken again', async () => {
    const begun = await send(server, { method: 'POST', path: '/v2/team/again/blobs/uploads/', authorization: owner })
    return begun.status === 202
  })
  await pushImage(server, 'team/again', { tag: '1', layers: [Buffer.alloc(2 * mebibyte, 'n')] }, owner)
  const states = await Promise.all(
    filled.locations.map(
      async (location) => (await send(server, { path: location, authorization: await bearer() })).status,
    ),
  )
  assert.ok(states.includes(404), `none of the idle uploads was ended: ${states.join()}`)
  clearInterval(going)
  source.push(null)
  assert.equal((await sending).status, 202)
  const digest = digestOf(Buffer.concat(content))
  const finished = await send(server, { method: 'PUT', path: `${active}&digest=${digest}`, authorization: theirs })
  assert.equal(finished.status, 201, finished.text())
  await pull()
})

test('on a disk that another program filled, everything but content continues, and the server starts again', async (t) => {
  if (!requireRoot(t)) return
  using disk = mountSmallDisk(diskMebibytes)
  const args = ['--upload-expiry-seconds', '6', '--gc-interval-seconds', '1']
  await using server = await startServer({ dataDir: join(disk.path, 'data'), args })
  const { servicePrincipal } = server.firstRun
  const owner = basic(servicePrincipal.appId, servicePrincipal.password)
  const image = await pushImage(server, 'team/app', '1', owner)
  await pushImage(server, 'team/app', { tag: '2', layers: [Buffer.alloc(mebibyte, 'd')] }, owner)
  const writes = await prepareSurfaceWrites(server)
  const ballast = join(server.dataDir, 'ballast')
  const isSetAside = (): boolean => (statSync(ballast, { throwIfNoEntry: false })?.size ?? 0) > 0
  const heldUpload = await beginUpload(server, 'team/held', owner)
  assert.equal(
    (await send(server, { method: 'PATCH', path: heldUpload, authorization: owner, body: Buffer.alloc(8 * mebibyte) }))
      .status,
    202,
  )
  await until('the server has set space aside', isSetAside)
  disk.fill()
  assert.ok(disk.freeBytes() < 65_536)

  assertNoSpace(await send(server, { method: 'POST', path: '/v2/team/new/blobs/uploads/', authorization: owner }))
  assert.equal((await send(server, { path: '/v2/team/app/manifests/1', authorization: owner })).status, 200)
  await until('the disk is reported to be low', async () => (await diskState(server)) === 'degraded')
  // Until the server has noticed, a write may meet the full disk.
  for (const [surface, write] of Object.entries(writes)) {
    if (surface === 'the registry') continue
    const answer = await write()
    if (answer.status >= 400) {
      assert.equal(answer.status, 507, surface)
      requireErrorFormat(surface, answer)
    }
  }
  await until('the management API writes again', async () => (await writes['management']?.())?.status === 201)
  assert.equal(
    (await send(server, { method: 'DELETE', path: '/v2/team/app/manifests/2', authorization: owner })).status,
    202,
  )
  await until('the expired upload made space', () => disk.freeBytes() > 4 * mebibyte)

  disk.relieve()
  const assertServes = async (): Promise<void> => {
    assert.equal(
      (await send(server, { path: `/v2/team/app/manifests/${image.digest}`, authorization: owner })).status,
      200,
    )
    assert.equal(await diskState(server), 'degraded')
    await armToken(server)
    assert.equal((await arm(server, 'GET', `${registryId(server)}/listUsages`)).status, 200)
  }
  for (const end of ['SIGTERM', 'SIGKILL'] as const) {
    await until('the server has set space aside', isSetAside)
    const ended = await server.kill(end)
    if (end === 'SIGTERM') assert.deepEqual(ended, { code: 0, signal: null })
    disk.fill()
    await server.restart()
    await assertServes()
    disk.relieve()
  }

  // Without anything set aside, an unfinished upload makes the space.
  const left = await beginUpload(server, 'team/left', owner)
  assert.equal(
    (await send(server, { method: 'PATCH', path: left, authorization: owner, body: Buffer.alloc(8 * mebibyte) }))
      .status,
    202,
  )
  await server.kill()
  rmSync(ballast)
  disk.fill()
  await server.restart()
  await assertServes()
  disk.relieve()
  await pushImage(server, 'team/app', '3', owner)
  await until('the disk is reported to have space', async () => (await diskState(server)) === 'ok')
})

test('a disk without a byte for a row answers 507 on every surface, and the server stops on SIGTERM', async (t) => {
  if (!requireRoot(t)) return
  using disk = mountSmallDisk(diskMebibytes)
  await using server = await startServer({ dataDir: join(disk.path, 'data') })
  const { servicePrincipal } = server.firstRun
  const owner = basic(servicePrincipal.appId, servicePrincipal.password)
  await pushImage(server, 'team/app', '1', owner)
  const writes = await prepareSurfaceWrites(server)
  const met = new Set<string>()
  // The log of the database has room for some rows still, and the server gives up what it set aside.
  await until('every surface met the full disk', async () => {
    disk.fill()
    for (const [surface, write] of Object.entries(writes)) {
      const answer = await write()
      if (answer.status < 400) continue
      assert.equal(answer.status, 507, `${surface}: ${'html' in answer ? answer.html : answer.text()}`)
      requireErrorFormat(surface, answer)
      met.add(surface)
    }
    return met.size >= Object.keys(writes).length - 1
  })
  assert.equal((await send(server, { path: '/v2/team/app/manifests/1', authorization: owner })).status, 200)
  assert.deepEqual(await server.kill('SIGTERM'), { code: 0, signal: null })
  disk.relieve()
  await server.restart()
  for (const [surface, write] of Object.entries(writes)) {
    const { status } = await write()
    assert.ok(status < 400, `${surface} is ${status} although there is space`)
  }
})
