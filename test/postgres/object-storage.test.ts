import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { expectStatus } from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { basic, digestOf, get, pushImage, registryUrl } from '../harness/registry.ts'
import { startReplica } from '../harness/replica.ts'
import { type RunningServer, StartFailed, startServer } from '../harness/server.ts'
import { type Store, stores } from '../serve/object-stores.ts'

for (const [kind, store] of Object.entries(stores)) {
  describe(`servers with rows in PostgreSQL and blobs in ${kind}`, { skip: store.missing }, () => testReplicas(store))
}

function testReplicas(store: Store): void {
  test('a server with an empty data directory pulls what another has pushed, and continues its upload', async (t) => {
    if (!requirePostgres(t)) return
    await using stack = new AsyncDisposableStack()
    const objects = await store.start()
    stack.defer(objects.stop)
    await store.prepare(objects.endpoint)
    const postgres = stack.use(await startTestPostgres())
    const database = postgres.createDatabase('acrux')
    const [args, { env }] = [store.args(objects.endpoint), store]
    const first = stack.use(await startServer({ args: [...database.args, ...args], env }))
    const replica = stack.use(await startReplica(first, database, { args, env }))
    const { servicePrincipal } = first.firstRun
    const authorization = basic(servicePrincipal.appId, servicePrincipal.password)
    const send = (on: RunningServer, method: string, path: string, body?: Buffer) =>
      request({
        method,
        url: new URL(path, registryUrl(first)),
        caFile: on.caFile,
        headers: { authorization },
        ...(body !== undefined && { body }),
      })

    const layer = randomBytes(6_000_000)
    await pushImage(first, 'team/app', { tag: '1', layers: [layer] }, authorization)
    const pulled = expectStatus(await send(replica, 'GET', `/v2/team/app/blobs/${digestOf(layer)}`), 200)
    assert.equal(Buffer.compare(pulled.body, layer), 0)

    const parts = [randomBytes(6_000_000), randomBytes(1000), randomBytes(6_000_000)]
    const whole = Buffer.concat(parts)
    let upload = expectStatus(await send(first, 'POST', '/v2/team/app/blobs/uploads/'), 202).headers.location ?? ''
    for (const [index, part] of parts.entries()) {
      const patched = await send(index % 2 === 0 ? replica : first, 'PATCH', upload, part)
      upload = expectStatus(patched, 202).headers.location ?? ''
    }
    expectStatus(await send(first, 'PUT', `${upload}&digest=${digestOf(whole)}`), 201)
    const stored = expectStatus(await send(replica, 'GET', `/v2/team/app/blobs/${digestOf(whole)}`), 200)
    assert.equal(Buffer.compare(stored.body, whole), 0)

    await first.restart()
    assert.equal((await get(first, '/v2/team/app/manifests/1', authorization)).status, 200)
    const other = [...postgres.createDatabase('other').args, ...args]
    await assert.rejects(startServer({ args: other, env }), (error) => {
      assert.ok(error instanceof StartFailed)
      assert.match(error.message, /contains the blobs of another installation/)
      return true
    })
  })
}
