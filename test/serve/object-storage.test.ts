import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { layoutDigest, loggedIn } from '../clients/lib/steps.ts'
import { writeLayout } from '../clients/lib/oci-layout.ts'
import { assignRole, createServicePrincipal, expectStatus, registryId, removeRole, roles } from '../harness/arm.ts'
import { mustRun, requireClient } from '../harness/clients.ts'
import { request } from '../harness/http.ts'
import { accessToken, askAccessToken, digestOf, get, pushBlob, pushImage } from '../harness/registry.ts'
import { startServer, StartFailed } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { runAcrux } from './acrux.ts'
import { type Store, stores, useStore } from './object-stores.ts'

for (const [kind, store] of Object.entries(stores)) {
  describe(`a server with blobs in ${kind}`, { skip: store.missing }, () => testStore(store))
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

  test('an upload continues after a restart', async () => {
    const { server } = used.under
    const path = `/v2/${repository}/blobs`
    // More than three parts: the memory of one is used again.
    const bytes = randomBytes(32_000_000)
    const [begun, rest] = [bytes.subarray(0, 7_000_000), bytes.subarray(7_000_000)]
    const send = async (method: string, to: string, body?: Buffer) =>
      request({
        method,
        url: new URL(to, server.baseUrl),
        headers: { authorization: await authorization() },
        caFile: server.caFile,
        ...(body !== undefined && { body }),
      })
    const { headers } = expectStatus(await send('POST', `${path}/uploads/`), 202)
    const patched = expectStatus(await send('PATCH', headers.location ?? '', begun), 202)
    await server.restart()
    const digest = digestOf(bytes)
    expectStatus(await send('PUT', `${patched.headers.location ?? ''}&digest=${digest}`, rest), 201)
    assert.equal(Buffer.compare((await get(server, `${path}/${digest}`, await authorization())).body, bytes), 0)
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

  test('blobs are unavailable while the store is away, tokens and management are not, and all works again afterwards', async () => {
    const { under, gate } = used
    const { server, logins } = under
    const blob = await pushBlob(server, repository, randomBytes(1000), await authorization())
    const guest = await createServicePrincipal(server, 'guest')
    gate.isOpen = false
    const path = `/v2/${repository}/blobs/${blob.digest}`
    const away = await get(server, path, await authorization())
    assert.deepEqual([away.status, away.headers['retry-after']], [503, '5'])
    const scope = [`repository:${repository}:pull`]
    assert.equal((await askAccessToken(server, logins['the admin account'], scope)).status, 200)
    const upload = pushBlob(server, repository, randomBytes(1000), await authorization())
    await assert.rejects(upload, (error) => error instanceof Error && error.message.startsWith('status 503'))
    await removeRole(server, await assignRole(server, guest.objectId, roles.acrPull, registryId(server)))
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
      assert.match(error.output, /contains the blobs of another installation/)
      return true
    })
  })

  test('a store that does not exist ends the start with code 19', async () => {
    const starting = startServer({ args: store.args('http://127.0.0.1:9/nobody'), env: store.env })
    await assert.rejects(starting, (error) => error instanceof StartFailed && error.code === 19)
  })

  test('a server does not start with an empty store if its rows name blobs, and does not claim the store', async () => {
    const { under, gate, endpoint } = used
    const { server } = under
    await pushBlob(server, repository, randomBytes(1000), await authorization())
    await server.stop()
    const empty = ['--storage-prefix', 'empty/', '--data-dir', server.dataDir]
    const ran = await runAcrux(['serve', ...store.args(gate.endpoint), ...empty], { env: store.env })
    assert.equal(ran.code, 13, ran.stderr)
    assert.match(ran.stderr, /are not in .*empty\//)
    const keys = await store.keys(endpoint)
    assert.deepEqual(
      keys.filter((key) => key.startsWith('empty/')),
      [],
    )
    await server.restart()
  })

  test('no secret is in the output of the server', () => {
    for (const secret of Object.values(store.env).filter((value) => value !== 'test')) {
      assert.ok(!used.under.server.output().includes(secret))
    }
  })
}
