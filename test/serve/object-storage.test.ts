import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { layoutDigest, loggedIn } from '../clients/lib/steps.ts'
import { writeLayout } from '../clients/lib/oci-layout.ts'
import { mustRun, requireClient, requireRoot } from '../harness/clients.ts'
import { request } from '../harness/http.ts'
import { accessToken, askAccessToken, digestOf, get, pushBlob, pushImage } from '../harness/registry.ts'
import { startServer, StartFailed } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { type Store, stores, useStore } from './object-stores.ts'
import type { StoreGate } from './store-gate.ts'

for (const [kind, store] of Object.entries(stores)) {
  describe(`a server with blobs in ${kind}`, { skip: store.missing }, () => testStore(store))
  describe(`a server with two workers that redirects to ${kind}`, { skip: store.missing }, () => testRedirect(store))
}

function testStore(store: Store): void {
  const used = useStore(store, ['--workers', store.workers])
  const repository = 'clients/stored'
  const large = randomBytes(12_000_000)
  const authorization = async () => {
    const { server, logins } = used.under
    return `Bearer ${await accessToken(server, logins['the admin account'], [`repository:${repository}:pull,push`])}`
  }

  test('an image is pushed, pulled after a restart, and none of its bytes are in the data directory', async () => {
    const { server } = used.under
    const image = await pushImage(server, repository, { tag: '1', layers: [large] }, await authorization())
    await server.restart()
    const [layer] = image.layers
    const pulled = await get(server, `/v2/${repository}/blobs/${layer?.digest}`, await authorization())
    assert.equal(pulled.status, 200)
    assert.equal(Buffer.compare(pulled.body, large), 0)
    assert.ok(!existsSync(join(server.dataDir, 'blobs')))
  })

  test('skopeo pushes and pulls', async (t) => {
    if (!requireClient(t, 'skopeo')) return
    const { under } = used
    using home = await loggedIn('skopeo', under, under.logins['the admin account'])
    const { env } = home
    const { digest } = writeLayout(join(home.path, 'image'), { text: 'in an object store' })
    const image = `docker://${under.host}/clients/skopeo:1`
    await mustRun('skopeo', ['copy', `oci:${join(home.path, 'image')}:1`, image], { env })
    await mustRun('skopeo', ['copy', image, `oci:${join(home.path, 'back')}:1`], { env })
    assert.equal(layoutDigest(join(home.path, 'back')), digest)
  })

  test('blobs are unavailable while the store is away, tokens are not, and everything works again afterwards', async () => {
    const { under, gate } = used
    const { server, logins } = under
    const blob = await pushBlob(server, repository, randomBytes(1000), await authorization())
    gate.isOpen = false
    const path = `/v2/${repository}/blobs/${blob.digest}`
    const away = await get(server, path, await authorization())
    assert.deepEqual([away.status, away.headers['retry-after']], [503, '5'])
    const scope = [`repository:${repository}:pull`]
    assert.equal((await askAccessToken(server, logins['the admin account'], scope)).status, 200)
    await until('the health reports the store', async () => /object store/.test((await get(server, '/readyz')).text()))
    assert.equal((await get(server, '/readyz')).status, 200)
    gate.isOpen = true
    assert.equal((await get(server, path, await authorization())).status, 200)
    await pushBlob(server, repository, randomBytes(1000), await authorization())
  })

  test('another installation cannot use the same store', async () => {
    const { gate } = used
    const starting = startServer({ args: store.args(gate.endpoint), env: store.env })
    await assert.rejects(starting, (error) => {
      assert.ok(error instanceof StartFailed)
      assert.equal(error.code, 2, error.output)
      assert.match(error.output, /has the blobs of another installation/)
      return true
    })
  })

  test('a store that does not exist ends the start with code 19', async () => {
    const starting = startServer({ args: store.args('http://127.0.0.1:9/nobody'), env: store.env })
    await assert.rejects(starting, (error) => error instanceof StartFailed && error.code === 19)
  })

  test('no secret is in the output of the server', () => {
    for (const secret of Object.values(store.env).filter((value) => value !== 'test')) {
      assert.ok(!used.under.server.output().includes(secret))
    }
  })
}

function testRedirect(store: Store): void {
  const used = useStore(store, ['--storage-redirect', '--workers', '2'])
  const repository = 'clients/redirected'
  const content = randomBytes(9_000_000)

  test('a GET of a blob is answered with a URL for five minutes, after the permission is checked', async () => {
    const { server, logins } = used.under
    const login = logins['the admin account']
    const push = await accessToken(server, login, [`repository:${repository}:pull,push`])
    const blob = await pushBlob(server, repository, content, `Bearer ${push}`)
    const path = `/v2/${repository}/blobs/${blob.digest}`
    assert.equal((await get(server, path)).status, 401)
    const other = await accessToken(server, login, ['repository:clients/other:pull'])
    assert.equal((await get(server, path, `Bearer ${other}`)).status, 401)
    const pull = `Bearer ${await accessToken(server, login, [`repository:${repository}:pull`])}`
    const redirect = await get(server, path, pull)
    assert.equal(redirect.status, 307)
    assert.equal(redirect.headers['cache-control'], 'no-store')
    const url = new URL(redirect.headers.location ?? '')
    assert.ok(lifetimeSeconds(url) <= 300)
    const read = await request({ url })
    assert.equal(read.status, 200)
    assert.equal(Buffer.compare(read.body, content), 0)
    const part = await request({ url, headers: { range: 'bytes=10-19' } })
    assert.deepEqual([part.status, part.body.toString('hex')], [206, content.subarray(10, 20).toString('hex')])
    const head = await request({
      method: 'HEAD',
      url: `${server.baseUrl}${path}`,
      headers: { authorization: pull },
      caFile: server.caFile,
    })
    assert.equal(head.status, 200)
    assert.equal((await get(server, path.replace(/.{4}$/, '0000'), pull)).status, 404)
  })

  test('skopeo and podman pull from the store, and do not send it their credentials', async (t) => {
    if (!requireClient(t, 'skopeo', 'podman') || !requireRoot(t)) return
    const { under, gate } = used
    using home = await loggedIn('skopeo', under, under.logins['the admin account'])
    const { env } = home
    const { digest } = writeLayout(join(home.path, 'image'), { text: 'redirected' })
    const image = `${under.host}/clients/redirect:1`
    await mustRun('skopeo', ['copy', `oci:${join(home.path, 'image')}:1`, `docker://${image}`], { env })
    gate.requests.length = 0
    await mustRun('skopeo', ['copy', `docker://${image}`, `oci:${join(home.path, 'back')}:1`], { env })
    assert.equal(layoutDigest(join(home.path, 'back')), digest)
    await mustRun('podman', ['pull', '-q', image], { env })
    assertNoCredentials(gate, 4)
  })

  test('a store with the host name of the registry is refused, because clients in Go would send it their credentials', async () => {
    const endpoint = used.gate.endpoint.replace('127.0.0.1', 'localhost')
    const starting = startServer({ args: [...store.args(endpoint), '--storage-redirect'], env: store.env })
    await assert.rejects(starting, (error) => {
      assert.ok(error instanceof StartFailed)
      assert.equal(error.code, 2, error.output)
      assert.match(error.output, /clients would send their credentials to localhost/)
      return true
    })
  })

  test('oras pulls from the store, and does not send it its credentials', async (t) => {
    if (!requireClient(t, 'oras')) return
    const { under, gate } = used
    const tls = '--plain-http=false'
    using home = await loggedIn('oras', under, under.logins['the admin account'], [tls])
    const blob = `${under.host}/${repository}@${digestOf(content)}`
    gate.requests.length = 0
    await mustRun('oras', ['blob', 'fetch', tls, '--output', join(home.path, 'blob'), blob], { env: home.env })
    assert.equal(Buffer.compare(readFileSync(join(home.path, 'blob')), content), 0)
    assertNoCredentials(gate, 1)
  })
}

/** Asserts that clients used signed URLs, at least so often, and sent nothing else to the store. */
function assertNoCredentials({ requests }: StoreGate, count: number): void {
  const ofClients = requests.filter(({ url }) => isSigned(url))
  assert.ok(ofClients.length >= count, `${ofClients.length}`)
  for (const { headers } of ofClients) assert.equal(headers.authorization, undefined)
}

function isSigned(url: string): boolean {
  return /[?&](sig|X-Amz-Signature)=/.test(url)
}

function lifetimeSeconds(url: URL): number {
  const ends = url.searchParams.get('se')
  return ends === null ? Number(url.searchParams.get('X-Amz-Expires')) : (new Date(ends).getTime() - Date.now()) / 1000
}
