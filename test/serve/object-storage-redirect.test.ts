import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { startContainerd, writeHosts } from '../clients/lib/containerd.ts'
import { writeLayout } from '../clients/lib/oci-layout.ts'
import { layoutDigest, loggedIn } from '../clients/lib/steps.ts'
import { clientHome, mustRun, requireClient, requireRoot } from '../harness/clients.ts'
import { request } from '../harness/http.ts'
import { pageVisitor } from '../harness/page-visitor.ts'
import { accessToken, digestOf, get, pushBlob } from '../harness/registry.ts'
import { startServer, StartFailed } from '../harness/server.ts'
import { type Store, stores, useStore } from './object-stores.ts'
import { isSigned, type StoreGate } from './store-gate.ts'

for (const [kind, store] of Object.entries(stores)) {
  describe(`a server with two workers that redirects to ${kind}`, { skip: store.missing }, () => testRedirect(store))
}

const repository = 'clients/redirected'
const content = randomBytes(9_000_000)

function testRedirect(store: Store): void {
  const used = useStore(store, ['--storage-redirect', '--workers', '2'])

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

  test('a page of the portal reads a small blob from the server, with the same permissions, and is redirected for a large one', async () => {
    const { server, logins } = used.under
    const push = await accessToken(server, logins['the admin account'], [`repository:${repository}:pull,push`])
    const config = Buffer.from('{"os":"linux"}')
    const small = await pushBlob(server, repository, config, `Bearer ${push}`)
    const large = await pushBlob(server, repository, content, `Bearer ${push}`)
    const visitor = pageVisitor(server)
    await visitor.signIn(await visitor.open('/portal/sign-in'), server.firstRun.owner)
    const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const read = (digest: string, headers: Readonly<Record<string, string>>) =>
      request({
        url: `${server.baseUrl}/portal/api/registry/${encodeURIComponent(server.firstRun.loginServer)}/v2/${repository}/blobs/${digest}`,
        headers: { cookie, 'sec-fetch-site': 'same-origin', 'x-acrux-portal': '1', ...headers },
        caFile: server.caFile,
      })
    const here = await read(small.digest, { 'x-acrux-redirect': 'no' })
    assert.deepEqual([here.status, here.body.toString()], [200, config.toString()])
    assert.equal((await read(small.digest, {})).status, 307)
    assert.equal((await read(large.digest, { 'x-acrux-redirect': 'no' })).status, 307)
    const headers = { 'x-acrux-redirect': 'no' }
    const url = `${server.baseUrl}/v2/${repository}/blobs/${small.digest}`
    assert.equal((await request({ url, headers, caFile: server.caFile })).status, 401)
  })

  testClients(used)

  test('a store with the host name of the registry is rejected, because clients in Go would send it their credentials', async () => {
    const endpoint = used.gate.endpoint.replace('127.0.0.1', 'localhost')
    const starting = startServer({ args: [...store.args(endpoint), '--storage-redirect'], env: store.env })
    await assert.rejects(starting, (error) => {
      assert.ok(error instanceof StartFailed)
      assert.equal(error.code, 2, error.output)
      assert.match(error.output, /clients would send registry credentials to localhost/)
      return true
    })
  })
}

function testClients(used: ReturnType<typeof useStore>): void {
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

  test("containerd's ctr pulls from the store, and does not send it its credentials", async (t) => {
    if (!requireClient(t, 'containerd', 'ctr', 'skopeo') || !requireRoot(t)) return
    const { under, gate } = used
    const { username, password } = under.logins['the admin account']
    using home = await loggedIn('skopeo', under, { username, password })
    const { env } = home
    const { digest } = writeLayout(join(home.path, 'image'), { text: 'for containerd' })
    const image = `${under.host}/clients/redirect:2`
    await mustRun('skopeo', ['copy', `oci:${join(home.path, 'image')}:1`, `docker://${image}`], { env })
    await using containerd = await startContainerd(join(home.path, 'containerd'), env)
    const hosts = join(home.path, 'hosts')
    writeHosts(hosts, under.host, under.server.caFile)
    const ctr = ['--address', containerd.socket, 'images']
    const pulling = ['pull', '--snapshotter', 'native', '--hosts-dir', hosts, '--user', `${username}:${password}`]
    gate.requests.length = 0
    await mustRun('ctr', [...ctr, ...pulling, image], { env })
    assert.ok((await mustRun('ctr', [...ctr, 'ls', `name==${image}`], { env })).stdout.includes(digest))
    assertNoCredentials(gate, 2)
  })

  test('curl pulls from the store, which rejects the credentials that curl sends along when it is told to', async (t) => {
    if (!requireClient(t, 'curl')) return
    const { under, gate } = used
    const { server, logins } = under
    const token = await accessToken(server, logins['the admin account'], [`repository:${repository}:pull`])
    using home = clientHome(server.caFile)
    const file = join(home.path, 'blob')
    const url = `https://${under.host}/v2/${repository}/blobs/${digestOf(content)}`
    const asking = [
      '-sS',
      '--cacert',
      server.caFile,
      '-o',
      file,
      '-w',
      '%{http_code}',
      '-H',
      `Authorization: Bearer ${token}`,
    ]
    gate.requests.length = 0
    assert.equal((await mustRun('curl', [...asking, '--location', url], { env: home.env })).stdout, '200')
    assert.equal(Buffer.compare(readFileSync(file), content), 0)
    assertNoCredentials(gate, 1)
    assert.equal((await mustRun('curl', [...asking, '--location-trusted', url], { env: home.env })).stdout, '400')
  })
}

/** Asserts that clients used signed URLs, at least so often, and sent nothing else to the store. */
function assertNoCredentials({ requests }: StoreGate, count: number): void {
  const ofClients = requests.filter(({ url }) => isSigned(url))
  assert.ok(ofClients.length >= count, `${ofClients.length}`)
  for (const { headers } of ofClients) assert.equal(headers.authorization, undefined)
}

function lifetimeSeconds(url: URL): number {
  const ends = url.searchParams.get('se')
  return ends === null ? Number(url.searchParams.get('X-Amz-Expires')) : (new Date(ends).getTime() - Date.now()) / 1000
}
