import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import { arm, createRegistry, expectStatus, registryId } from '../harness/arm.ts'
import type { HttpResponse } from '../harness/http.ts'
import { at, stringAt } from '../harness/json.ts'
import { basic, onRegistry, type PushedImage, pushImage } from '../harness/registry.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { openWire, type Wire } from '../faults/wire.ts'

/** A server whose registries are compatible with one, and a second registry that is compatible with the other. */
async function startPair(first: 'oci' | 'acr') {
  const server = await startServer({ args: ['--compatibility', first, '--log-level', 'error'] })
  const { loginServer } = await createRegistry(server, 'second')
  const second = first === 'oci' ? 'acr' : 'oci'
  const id = registryId(server, 'second')
  const answer = expectStatus(await arm(server, 'PATCH', id, { properties: { compatibility: second } }), 200).json()
  assert.equal(at(answer, 'properties', 'compatibility'), second)
  // A change of something else leaves it.
  const tagged = expectStatus(await arm(server, 'PATCH', id, { tags: { a: 'b' } }), 200).json()
  assert.equal(at(tagged, 'properties', 'compatibility'), second)
  return { server, hosts: { [first]: server.firstRun.loginServer, [second]: loginServer } }
}

const pairs = [await startPair('oci'), await startPair('acr')] as const
after(async () => {
  for (const { server } of pairs) await server[Symbol.asyncDispose]()
})

const authorizationOf = ({ firstRun }: RunningServer) => {
  const { appId, password } = firstRun.servicePrincipal
  return basic(appId, password)
}

/** Runs the work at each registry that is compatible with one of them. */
async function atEach(
  compatibility: 'oci' | 'acr',
  work: (send: Send, server: RunningServer, host: string, image: PushedImage) => Promise<void>,
): Promise<void> {
  for (const { server, hosts } of pairs) {
    const host = hosts[compatibility] ?? ''
    const authorization = authorizationOf(server)
    const wire: Wire = openWire(server, 8)
    const send: Send = (method, target, body, type) =>
      wire.send({ method, target, host, authorization, body: body ?? '', headers: [['Content-Type', type ?? 'x/y']] })
    try {
      const image = await pushImage(onRegistry(server, { loginServer: host }), 'app', 'v1', authorization)
      await work(send, server, host, image)
    } finally {
      wire.close()
    }
  }
}
type Send = (method: string, target: string, body?: string, type?: string) => Promise<HttpResponse>

const sha512 = (text: string) => `sha512:${createHash('sha512').update(text).digest('hex')}`
const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`
const code = (answer: HttpResponse) => stringAt(answer.json(), 'errors', 0, 'code')

test('a DELETE of a manifest by tag takes the tag with oci, and is refused with acr', async () => {
  await atEach('oci', async (send) => {
    expectStatus(await send('DELETE', '/v2/app/manifests/v1'), 202)
    expectStatus(await send('GET', '/v2/app/manifests/v1'), 404)
  })
  await atEach('acr', async (send, _server, _host, { digest }) => {
    const answer = expectStatus(await send('DELETE', '/v2/app/manifests/v1'), 405)
    assert.equal(code(answer), 'UNSUPPORTED')
    assert.equal(at(answer.json(), 'errors', 0, 'message'), 'A manifest can only be deleted by digest.')
    expectStatus(await send('GET', '/v2/app/manifests/v1'), 200)
    expectStatus(await send('DELETE', `/v2/app/manifests/${digest}`), 202)
  })
})

test('content is addressed by sha512 too with oci, and by sha256 alone with acr', async () => {
  const pushes = (image: PushedImage): Parameters<Send>[] => {
    const content = 'content by sha512'
    const manifest = image.manifest.toString()
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [{ mediaType: image.mediaType, digest: sha512(manifest), size: manifest.length }],
    })
    return [
      ['POST', `/v2/app/blobs/uploads/?digest=${sha512(content)}`, content],
      ['PUT', `/v2/app/manifests/${sha512(manifest)}`, manifest, image.mediaType],
      ['PUT', '/v2/app/manifests/index', index, 'application/vnd.oci.image.index.v1+json'],
    ]
  }
  await atEach('oci', async (send, _server, _host, image) => {
    for (const push of pushes(image)) expectStatus(await send(...push), 201)
    expectStatus(await send('GET', `/v2/app/manifests/${sha512(image.manifest.toString())}`), 200)
  })
  await atEach('acr', async (send, _server, _host, image) => {
    for (const push of pushes(image)) {
      const answer = expectStatus(await send(...push), 400)
      assert.equal(code(answer), 'DIGEST_INVALID', push[1])
    }
    for (const path of [`/v2/app/blobs/${sha512('x')}`, `/v2/app/referrers/${sha512('x')}`]) {
      assert.equal(code(expectStatus(await send('GET', path), 400)), 'DIGEST_INVALID', path)
    }
    expectStatus(await send('POST', `/v2/app/blobs/uploads/?digest=${sha256('x')}`, 'x'), 201)
  })
})

test('a mount without a source is looked for with oci, and is an ordinary upload with acr', async () => {
  await atEach('oci', async (send, _server, _host, { layers }) => {
    expectStatus(await send('POST', `/v2/other/blobs/uploads/?mount=${layers[0]?.digest ?? ''}`), 201)
  })
  await atEach('acr', async (send, _server, _host, { layers }) => {
    const digest = layers[0]?.digest ?? ''
    expectStatus(await send('POST', `/v2/other/blobs/uploads/?mount=${digest}`), 202)
    expectStatus(await send('POST', `/v2/other/blobs/uploads/?mount=${digest}&from=app`), 201)
  })
})

test('requests are limited as by ACR with acr, and not with oci', async () => {
  // One identity may send 500 deletions a minute to a registry of the SKU Basic.
  const countUntilRefused = async (send: Send) => {
    for (let count = 0; count < 1200; count += 8) {
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => send('DELETE', `/v2/app/blobs/${sha256('absent')}`)),
      )
      if (answers.some(({ status }) => status === 429)) return count
    }
    return undefined
  }
  const [{ server, hosts }] = pairs
  assert.ok(hosts.acr !== undefined)
  for (const name of [server.firstRun.registry, 'second']) {
    expectStatus(await arm(server, 'PATCH', registryId(server, name), { sku: { name: 'Basic' } }), 200)
  }
  const wire = openWire(server, 8)
  after(() => wire.close())
  const sendTo =
    (host: string | undefined): Send =>
    (method, target) =>
      wire.send({ method, target, host: host ?? '', authorization: authorizationOf(server) })
  const count = await countUntilRefused(sendTo(hosts.acr))
  assert.ok(count !== undefined && count >= 490 && count < 1200, String(count))
  assert.equal(await countUntilRefused(sendTo(hosts.oci)), undefined)
})

test('a registry is compatible with nothing else', async () => {
  const [{ server }] = pairs
  const answer = await arm(server, 'PATCH', registryId(server), { properties: { compatibility: 'docker' } })
  expectStatus(answer, 400)
})
