import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { arm, armToken, as, expectStatus, registryId } from '../harness/arm.ts'
import { requireClient } from '../harness/clients.ts'
import { type HttpRequest, type HttpResponse, request } from '../harness/http.ts'
import { askAccessToken, basic, digestOf, pushBlob, pushImage, registryUrl } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { attach, readSystemCalls } from './system-calls.ts'

const server = await startServer({ args: ['--integrity-scrub-interval-seconds', '0'] })
const scratch = tempDir('disk-failures')
after(async () => {
  await server[Symbol.asyncDispose]()
  scratch.remove()
})
const { servicePrincipal } = server.firstRun
const authorization = basic(servicePrincipal.appId, servicePrincipal.password)
const origin = registryUrl(server)
const { caFile } = server
const blobs = join(server.dataDir, 'blobs')
const log = join(server.dataDir, 'acrux.db-wal')

const send = (method: string, path: string, more: Partial<HttpRequest> = {}): Promise<HttpResponse> =>
  request({ method, url: new URL(path, origin), caFile, ...more, headers: { authorization, ...more.headers } })

/** Does `work` while the calls of one name on one file, or of two names for a rename, fail with an error. */
async function failing<Result>(
  call: string,
  error: 'EIO' | 'ENOSPC',
  path: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const file = join(scratch.path, 'record')
  const args = ['-e', `trace=${call}`, '-e', `inject=${call}:error=${error}`, '-P', path]
  await using _ = await attach(server.pid, file, args)
  return await work()
}

/** Bytes whose digest begins with the two digits of a directory that is there. */
function bytesInShelf(shelf: string): Buffer {
  for (;;) {
    const bytes = randomBytes(3000)
    if (digestOf(bytes).startsWith(`sha256:${shelf}`)) return bytes
  }
}

async function beginUpload(repository: string): Promise<{ location: string; staged: string }> {
  const begun = expectStatus(await send('POST', `/v2/${repository}/blobs/uploads/`), 202)
  const location = begun.headers.location ?? ''
  return { location, staged: join(blobs, 'staging', String(begun.headers['docker-upload-uuid'])) }
}

async function assertUnknownThenPushed(repository: string, bytes: Buffer): Promise<void> {
  const blob = `/v2/${repository}/blobs/${digestOf(bytes)}`
  assert.equal((await send('HEAD', blob)).status, 404, 'nothing half is visible')
  await pushBlob(server, repository, bytes, authorization)
  assert.equal(digestOf(expectStatus(await send('GET', blob), 200).body), digestOf(bytes))
}

function assertFailed(answer: HttpResponse, error: 'EIO' | 'ENOSPC', t: TestContext): void {
  t.diagnostic(`${answer.status} ${answer.text().slice(0, 120)}`)
  assert.ok(answer.status >= 500, `${answer.status} ${answer.text()}`)
  if (error === 'ENOSPC') assert.equal(answer.status, 507, answer.text())
}

for (const error of ['EIO', 'ENOSPC'] as const) {
  for (const call of ['pwrite64', 'fsync', 'rename']) {
    test(`a push whose ${call} of the staged file fails with ${error} fails, and passes for nothing afterwards`, async (t) => {
      if (!requireClient(t, 'strace')) return
      const bytes = randomBytes(3000)
      const repository = `fails/${call}-${error.toLowerCase()}`
      const { location, staged } = await beginUpload(repository)
      const put = () => send('PUT', `${location}&digest=${digestOf(bytes)}`, { body: bytes })
      assertFailed(await failing(call, error, staged, put), error, t)
      const blob = `/v2/${repository}/blobs/${digestOf(bytes)}`
      assert.equal((await send('HEAD', blob)).status, 404)
      // The bytes of a flush that failed are gone from the upload: a client that sends none again has nothing.
      const again = await send('PUT', `${location}&digest=${digestOf(bytes)}`)
      if (call !== 'rename') assert.ok(again.status >= 400 && again.status < 500, `${again.status} ${again.text()}`)
      if (again.status === 201) assert.equal(digestOf((await send('GET', blob)).body), digestOf(bytes))
      else await assertUnknownThenPushed(repository, bytes)
    })
  }

  test(`a push whose directory cannot be flushed (${error}) fails, and leaves no blob`, async (t) => {
    if (!requireClient(t, 'strace')) return
    const repository = `fails/directory-${error.toLowerCase()}`
    const first = await pushBlob(server, repository, randomBytes(10), authorization)
    const shelf = first.digest.slice('sha256:'.length).slice(0, 2)
    const bytes = bytesInShelf(shelf)
    const { location } = await beginUpload(repository)
    const put = () => send('PUT', `${location}&digest=${digestOf(bytes)}`, { body: bytes })
    assertFailed(await failing('fsync', error, join(blobs, 'blobs', 'sha256', shelf), put), error, t)
    await assertUnknownThenPushed(repository, bytes)
  })

  test(`a push whose new directory cannot be flushed (${error}) fails, and makes it again later`, async (t) => {
    if (!requireClient(t, 'strace')) return
    const parent = join(blobs, 'blobs', 'sha256')
    const repository = `fails/new-directory-${error.toLowerCase()}`
    let bytes = randomBytes(3000)
    const shelfOf = (content: Buffer) => join(parent, digestOf(content).slice('sha256:'.length).slice(0, 2))
    while (existsSync(shelfOf(bytes))) bytes = randomBytes(3000)
    const { location } = await beginUpload(repository)
    const put = () => send('PUT', `${location}&digest=${digestOf(bytes)}`, { body: bytes })
    assertFailed(await failing('fsync', error, parent, put), error, t)
    assert.ok(!existsSync(shelfOf(bytes)), 'a directory whose name may be lost is not taken for durable')
    await assertUnknownThenPushed(repository, bytes)
  })

  for (const call of ['fsync', 'pwrite64']) {
    test(`a change whose ${call} of the database fails with ${error} is not acknowledged, and is made by a second try`, async (t) => {
      if (!requireClient(t, 'strace')) return
      const repository = `fails/rows-${call}-${error.toLowerCase()}`
      const image = await pushImage(server, repository, { tag: 'kept', layers: [randomBytes(500)] }, authorization)
      const manifests = `/v2/${repository}/manifests`
      const put = () =>
        send('PUT', `${manifests}/new`, { body: image.manifest, headers: { 'content-type': image.mediaType } })
      const bytes = randomBytes(100)
      const push = () => send('POST', `/v2/${repository}/blobs/uploads/?digest=${digestOf(bytes)}`, { body: bytes })
      const { appId: username, password } = servicePrincipal
      const token = () => askAccessToken(server, { username, password }, [`repository:${repository}:pull`])
      const identity = await armToken(server)
      const tags = { [`${call}${error}`]: 'set' }
      const write = () => arm(as(server, identity), 'PATCH', registryId(server), { tags })
      const remove = () => send('DELETE', `/acr/v1/${repository}/_tags/kept`)
      const changes = { put, push, token, write, remove }
      await failing(call, error, log, async () => {
        // SQLite keeps the cause of a write that fails, and not that of a flush.
        const expected = call === 'fsync' ? 'EIO' : error
        for (const change of Object.values(changes)) assertFailed(await change(), expected, t)
        assert.equal((await send('HEAD', `${manifests}/new`)).status, 404)
        assert.equal((await send('HEAD', `${manifests}/kept`)).status, 200)
        assert.equal((await send('HEAD', `/v2/${repository}/blobs/${digestOf(bytes)}`)).status, 404)
      })
      for (const [name, change] of Object.entries(changes)) {
        const answer = await change()
        assert.ok(answer.status < 300, `${name}: ${answer.status} ${answer.text()}`)
      }
      await server.kill()
      await server.restart()
      assert.equal((await send('HEAD', `${manifests}/new`)).status, 200)
      assert.equal((await send('HEAD', `${manifests}/kept`)).status, 404)
      assert.equal((await send('HEAD', `/v2/${repository}/blobs/${digestOf(bytes)}`)).status, 200)
      const registry = expectStatus(await arm(server, 'GET', registryId(server)), 200)
      assert.match(registry.text(), new RegExp(`"${call}${error}":"set"`))
    })
  }
}

test('a large upload is flushed while it is written, and once more at its end', async (t) => {
  if (!requireClient(t, 'strace')) return
  mkdirSync(join(scratch.path, 'large'))
  const file = join(scratch.path, 'large', 'record')
  const { location, staged } = await beginUpload('fails/large')
  const bytes = randomBytes(100 * 1024 * 1024)
  {
    await using _ = await attach(server.pid, file, ['-s', '0', '-e', 'trace=fsync,fdatasync,rename', '-P', staged])
    expectStatus(await send('PUT', `${location}&digest=${digestOf(bytes)}`, { body: bytes }), 201)
  }
  const calls = readSystemCalls(file).map(({ name }) => name)
  assert.deepEqual(calls, ['fdatasync', 'fsync', 'rename'])
})

test('a flush in the middle of an upload that fails ends the upload', async (t) => {
  if (!requireClient(t, 'strace')) return
  const { location, staged } = await beginUpload('fails/middle')
  const bytes = randomBytes(100 * 1024 * 1024)
  const put = () => send('PUT', `${location}&digest=${digestOf(bytes)}`, { body: bytes })
  const failed = await failing('fdatasync', 'EIO', staged, put).catch((error: unknown) => error)
  assert.ok(!existsSync(staged), 'bytes of which some may be lost are not kept')
  if (!(failed instanceof Error)) assertFailed(failed as HttpResponse, 'EIO', t)
  const again = await send('PUT', `${location}&digest=${digestOf(bytes)}`)
  assert.ok(again.status >= 400 && again.status < 500, `${again.status} ${again.text()}`)
  await assertUnknownThenPushed('fails/middle', bytes)
})
