import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import { arm, createRegistry, expectStatus, registryId } from '../harness/arm.ts'
import type { HttpResponse } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { basic, onRegistry, type PushedImage, pushImage } from '../harness/registry.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { openWire, type Wire } from '../faults/wire.ts'

/** A server whose registries are compatible with one, and a second registry that is compatible with the other. */
async function startPair(first: 'oci' | 'acr') {
  const server = await startServer({ args: ['--compatibility', first, '--log-level', 'error'] })
  const { loginServer } = await createRegistry(server, 'second')
  const second = first === 'oci' ? 'acr' : 'oci'
  const id = registryId(server, 'second')
  const answer = expectStatus(
    await arm(server, 'PATCH', id, { properties: { acrux: { compatibility: second } } }),
    200,
  ).json()
  assert.equal(at(answer, 'properties', 'acrux', 'compatibility'), second)
  // A change of something else leaves it.
  const tagged = expectStatus(await arm(server, 'PATCH', id, { tags: { a: 'b' } }), 200).json()
  assert.equal(at(tagged, 'properties', 'acrux', 'compatibility'), second)
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
  work: (send: Send, server: RunningServer, host: string, image: PushedApp) => Promise<void>,
): Promise<void> {
  for (const { server, hosts } of pairs) {
    const host = hosts[compatibility] ?? ''
    const authorization = authorizationOf(server)
    const wire: Wire = openWire(server, 8)
    const send: Send = (method, target, body, type) =>
      wire.send({ method, target, host, authorization, body: body ?? '', headers: [['Content-Type', type ?? 'x/y']] })
    const get: Get = (method, reference, accept) =>
      wire.send({
        method,
        target: `/v2/app/manifests/${reference}`,
        host,
        authorization,
        headers: accept === undefined ? [] : [['Accept', accept]],
      })
    try {
      const image = await pushImage(onRegistry(server, { loginServer: host }), 'app', 'v1', authorization)
      await work(send, server, host, { ...image, get })
    } finally {
      wire.close()
    }
  }
}
/** The image `app:v1`, and how its repository is read. */
type PushedApp = PushedImage & { readonly get: Get }
/** Requests a manifest of `app` with an `Accept`, or without one. */
type Get = (method: string, reference: string, accept: string | undefined) => Promise<HttpResponse>
type Send = (method: string, target: string, body?: string, type?: string) => Promise<HttpResponse>

const ociManifest = 'application/vnd.oci.image.manifest.v1+json'
const ociIndex = 'application/vnd.oci.image.index.v1+json'

const sha512 = (text: string) => `sha512:${createHash('sha512').update(text).digest('hex')}`
const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`
const code = (answer: HttpResponse) => stringAt(answer.json(), 'errors', 0, 'code')

test('a DELETE of a manifest by tag takes the tag with oci, and is rejected with acr', async () => {
  await atEach('oci', async (send) => {
    expectStatus(await send('DELETE', '/v2/app/manifests/v1'), 202)
    expectStatus(await send('GET', '/v2/app/manifests/v1'), 404)
  })
  await atEach('acr', async (send, _server, _host, { digest, get }) => {
    const answer = expectStatus(await send('DELETE', '/v2/app/manifests/v1'), 405)
    assert.equal(code(answer), 'UNSUPPORTED')
    assert.equal(at(answer.json(), 'errors', 0, 'message'), 'A manifest can only be deleted by digest.')
    expectStatus(await get('GET', 'v1', ociManifest), 200)
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

test('a manifest is served whatever `Accept` names with oci, and only if it names the type with acr', async () => {
  const index = (digest: string, size: number) =>
    JSON.stringify({
      schemaVersion: 2,
      mediaType: ociIndex,
      manifests: [{ mediaType: ociManifest, digest, size }],
    })
  const accepts = [undefined, '*/*', 'application/json', ociManifest, `${ociIndex};q=0.5, ${ociManifest.toUpperCase()}`]
  const answersTo = async (get: Get, reference: string) => {
    const statuses: number[] = []
    for (const accept of accepts) {
      const answers = [await get('GET', reference, accept), await get('HEAD', reference, accept)]
      assert.equal(answers[0]?.status, answers[1]?.status)
      statuses.push(answers[0]?.status ?? 0)
    }
    return statuses
  }
  await atEach('oci', async (send, _server, _host, { digest, manifest, get }) => {
    expectStatus(await send('PUT', '/v2/app/manifests/index', index(digest, manifest.length), ociIndex), 201)
    for (const reference of ['v1', digest, 'index']) {
      assert.deepEqual(await answersTo(get, reference), [200, 200, 200, 200, 200], reference)
    }
  })
  await atEach('acr', async (send, _server, _host, { digest, manifest, get }) => {
    expectStatus(await send('PUT', '/v2/app/manifests/index', index(digest, manifest.length), ociIndex), 201)
    for (const reference of ['v1', digest]) {
      assert.deepEqual(await answersTo(get, reference), [404, 404, 404, 200, 200], reference)
    }
    assert.deepEqual(await answersTo(get, 'index'), [404, 404, 404, 404, 200])
    const message = async (...asked: Parameters<Get>) =>
      [code(expectStatus(await get(...asked), 404)), at((await get(...asked)).json(), 'errors', 0, 'message')] as const
    assert.deepEqual(await message('GET', 'index', ociManifest), [
      'MANIFEST_UNKNOWN',
      'OCI index found, but accept header does not support OCI indexes',
    ])
    assert.deepEqual(await message('GET', 'v1', ociIndex), [
      'MANIFEST_UNKNOWN',
      'OCI manifest found, but accept header does not support OCI manifests',
    ])
    const docker = 'application/vnd.docker.distribution.manifest.v2+json'
    const image = JSON.stringify({ ...(JSON.parse(manifest.toString()) as object), mediaType: docker })
    expectStatus(await send('PUT', '/v2/app/manifests/docker', image, docker), 201)
    assert.deepEqual(await answersTo(get, 'docker'), [200, 200, 200, 200, 200])
  })
})

test('images of a repository that cannot be deleted can be deleted with acr, and not with oci', async () => {
  const lock = (send: Send, repository: string, locks: object) =>
    send('PATCH', `/acr/v1/${repository}`, JSON.stringify(locks), 'application/json')
  await atEach('oci', async (send, _server, _host, { digest }) => {
    expectStatus(await lock(send, 'app', { deleteEnabled: false }), 200)
    expectStatus(await send('DELETE', '/acr/v1/app/_tags/v1'), 405)
    expectStatus(await send('DELETE', `/v2/app/manifests/${digest}`), 405)
    expectStatus(await lock(send, 'app', { deleteEnabled: true }), 200)
  })
  await atEach('acr', async (send, _server, _host, { digest }) => {
    expectStatus(await lock(send, 'app', { deleteEnabled: false, writeEnabled: false }), 200)
    expectStatus(await send('DELETE', '/acr/v1/app/_tags/v1'), 405)
    expectStatus(await send('DELETE', `/v2/app/manifests/${digest}`), 405)
    expectStatus(await lock(send, 'app', { writeEnabled: true }), 200)
    assert.equal(code(expectStatus(await send('DELETE', '/acr/v1/app'), 405)), 'REGISTRY_DISALLOWED_OPERATION')
    expectStatus(await send('DELETE', '/acr/v1/app/_tags/v1'), 202)
    const tagged = `/acr/v1/app/_manifests/${digest}`
    expectStatus(await send('PATCH', tagged, '{"deleteEnabled":false}', 'application/json'), 200)
    expectStatus(await send('DELETE', `/v2/app/manifests/${digest}`), 405)
    expectStatus(await send('PATCH', tagged, '{"deleteEnabled":true}', 'application/json'), 200)
    expectStatus(await send('DELETE', `/v2/app/manifests/${digest}`), 202)
    expectStatus(await lock(send, 'app', { deleteEnabled: true }), 200)
  })
})

test('a list of tags or manifests is null past its end', async () => {
  const past = ['_tags?last=zzz&n=100', '_tags?last=v1', '_tags?digest=sha256:0', '_manifests?last=z']
  for (const compatibility of ['oci', 'acr'] as const) {
    await atEach(compatibility, async (send, _server, host) => {
      assert.ok(listAt((await send('GET', '/acr/v1/app/_tags')).json(), 'tags').length > 0)
      for (const path of past) {
        const answer = expectStatus(await send('GET', `/acr/v1/app/${path}`), 200)
        const member = path.startsWith('_tags') ? 'tags' : 'manifests'
        assert.deepEqual(answer.json(), { registry: host, imageName: 'app', [member]: null }, path)
        assert.equal(answer.headers.link, undefined)
      }
    })
  }
})

test('the tags of one import or push have different times, in their order', async () => {
  const timesOf = async (send: Send) => {
    const tags = listAt((await send('GET', '/acr/v1/times/_tags?orderby=timeasc')).json(), 'tags')
    return tags.map((tag) => [stringAt(tag, 'name'), stringAt(tag, 'lastUpdateTime')] as const)
  }
  await atEach('acr', async (send, server, host, image) => {
    const registry = host === server.firstRun.loginServer ? server.firstRun.registry : 'second'
    const source = { resourceId: registryId(server, registry), sourceImage: 'app:v1' }
    const names = ['v9', 'v1', 'v5', 'v3']
    const body = { source, targetTags: names.map((name) => `times:${name}`), mode: 'Force' }
    let before = ''
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expectStatus(await arm(server, 'POST', `${registryId(server, registry)}/importImage`, body), 200, 202)
      await until('the last tag is moved', async () => {
        const answer = await send('GET', '/acr/v1/times/_tags/v3')
        return answer.status === 200 && stringAt(answer.json(), 'tag', 'lastUpdateTime') !== before
      })
      before = stringAt((await send('GET', '/acr/v1/times/_tags/v3')).json(), 'tag', 'lastUpdateTime')
      const times = await timesOf(send)
      assert.deepEqual(
        times.map(([name]) => name),
        names,
      )
      assert.equal(new Set(times.map(([, time]) => time)).size, names.length, JSON.stringify(times))
    }
    const pushed = `/v2/times/manifests/${image.digest}?tag=b&tag=a`
    expectStatus(await send('PUT', pushed, image.manifest.toString(), image.mediaType), 201)
    const last = (await timesOf(send)).slice(-2)
    assert.deepEqual(
      last.map(([name]) => name),
      ['b', 'a'],
    )
    assert.notEqual(last[0]?.[1], last[1]?.[1])
  })
})

test('what no caller can have is 404 without a challenge, and `/v2/` alone has a challenge without a scope', async () => {
  const [{ server }] = pairs
  const wire = openWire(server)
  after(() => wire.close())
  const absent = [
    ['GET', '/acr/v1/Nonexistent/_tags/x'],
    ['GET', '/acr/v1/Nonexistent'],
    ['DELETE', '/acr/v1/Nonexistent'],
    ['GET', '/v2/Nonexistent/manifests/x'],
    ['POST', '/v2/Nonexistent/blobs/uploads/'],
    ['GET', '/v2/Nonexistent/tags/list'],
    ['GET', '/v2/nothing'],
    ['GET', '/acr/v1/app/_nothing'],
  ] as const
  for (const authorization of [undefined, 'Bearer x.y.z', authorizationOf(server)]) {
    for (const [method, target] of absent) {
      const answer = expectStatus(await wire.send({ method, target, authorization }), 404)
      assert.equal(answer.headers['www-authenticate'], undefined, target)
      assert.match(code(answer), /^(?:NAME_INVALID|NOT_FOUND)$/)
    }
  }
  for (const target of ['/acr/v1/nonexistent/_tags/x', '/v2/nonexistent/manifests/x', '/v2/_catalog']) {
    const challenge = expectStatus(await wire.send({ target }), 401).headers['www-authenticate']
    assert.match(String(challenge), /,scope="/, target)
  }
  // As recorded from ACR. [az-cli 2.90, recordings of `az acr login`]
  const base = expectStatus(await wire.send({ target: '/v2/' }), 401)
  const message = 'authentication required, visit https://aka.ms/acr/authorization for more information.'
  assert.equal(base.text(), `{"errors":[{"code":"UNAUTHORIZED","message":"${message}","detail":null}]}\n`)
})

test('a denied token request says what ACR says, so that clients print more than "unauthorized"', async () => {
  const [{ server }] = pairs
  const wire = openWire(server)
  after(() => wire.close())
  const service = server.firstRun.loginServer
  const target = `/oauth2/token?service=${service}&scope=repository:app:pull`
  const start = 'authentication required, visit https://aka.ms/acr/authorization for more information. '
  for (const [authorization, reason] of [
    [undefined, ''],
    [basic('nobody', 'wrong'), 'Reason: Invalid clientid or client secret. '],
  ] as const) {
    const answer = expectStatus(await wire.send({ target, authorization }), 401)
    const id = answer.headers['x-ms-correlation-request-id']
    assert.equal(at(answer.json(), 'errors', 0, 'message'), `${start}${reason}CorrelationId: ${String(id)}`)
  }
})

test('requests are limited as by ACR with acr, and not with oci', async () => {
  // One identity may send 500 deletions a minute to a registry of the SKU Basic.
  const countUntilRejected = async (send: Send) => {
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
  const count = await countUntilRejected(sendTo(hosts.acr))
  assert.ok(count !== undefined && count >= 490 && count < 1200, String(count))
  assert.equal(await countUntilRejected(sendTo(hosts.oci)), undefined)
})

test('a registry is compatible with nothing else', async () => {
  const [{ server }] = pairs
  const answer = await arm(server, 'PATCH', registryId(server), { properties: { acrux: { compatibility: 'docker' } } })
  expectStatus(answer, 400)
})
