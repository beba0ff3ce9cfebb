import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { createOutbound, type Outbound } from '../platform/outbound/outbound.ts'
import { openTestHttpsServer } from '../../testing/platform/test-https-server.ts'
import type { DatabaseKind } from '../platform/sql/database.ts'
import { testDatabaseKinds } from '../../testing/platform/test-database.ts'
import { ociImageManifestType } from '@acrux/shared/standards/oci/media-type.ts'
import type { ImportCredentials, ImportStatus } from './model.ts'
import { digestOf } from '../../testing/registry/test-registry.ts'
import {
  basicSecret,
  type Handler,
  image,
  index,
  layer,
  secret,
  sourceRegistry,
} from '../../testing/imports/test-source-registry.ts'
import {
  fromLocal,
  fromRemote,
  type ImportArguments,
  importRequest,
  openTestImports,
  type TestImports,
  untilEnded,
} from '../../testing/imports/test-imports.ts'

for (const kind of testDatabaseKinds) describe(`imports on ${kind}`, () => testImports(kind))

function testImports(kind: DatabaseKind): void {
  let test: TestImports
  let server: Awaited<ReturnType<typeof openTestHttpsServer>>
  let other: Awaited<ReturnType<typeof openTestHttpsServer>>
  let outbound: Outbound
  let handle: Handler
  let handleOther: Handler
  let seen: { readonly host: 'own' | 'other'; readonly url: string; readonly authorization: string | undefined }[] = []

  before(async () => {
    const watching =
      (host: 'own' | 'other', handler: () => Handler): Handler =>
      (request, response) => {
        seen.push({ host, url: request.url ?? '', authorization: request.headers.authorization })
        handler()(request, response)
      }
    server = await openTestHttpsServer(
      watching('own', () => handle),
      ['registry.other.example', 'pinned.example', 'localhost'],
    )
    other = await openTestHttpsServer(
      watching('other', () => handleOther),
      ['other.example', 'registry.other.example', 'localhost'],
    )
    outbound = createOutbound({
      allowPrivateAddresses: true,
      allowedNetworks: [],
      extraCa: `${server.ca}\n${other.ca}`,
      resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    })
    const tokenServices = new Map([[`pinned.example:${server.port}`, `other.example:${other.port}`]])
    test = await openTestImports(kind, { outbound, tokenServices })
  })
  beforeEach(() => {
    seen = []
    handle = sourceRegistry((port) => `https://127.0.0.1:${port}/token`).handle
    handleOther = (_request, response) => response.writeHead(404).end()
  })
  after(async () => {
    await test.imports.close()
    await test.registry.close()
    await test.dispose()
    await server.close()
    await other.close()
  })

  const remote = (credentials: ImportCredentials | 'none' = secret, host = '127.0.0.1') =>
    fromRemote(`${host}:${server.port}`, credentials === 'none' ? undefined : credentials)
  const local = (repository: string, rid = test.hosted.rid) => ({ ...fromLocal(test.hosted, repository), rid })
  const run = async (...args: ImportArguments): Promise<ImportStatus> => {
    const id = await test.imports.start(importRequest(test.hosted, ...args))
    assert.equal(await test.imports.find(id, 'you'), undefined, 'only the requester can read the status')
    return untilEnded(test.imports, id)
  }
  const failsWith = async (pattern: RegExp, ...args: ImportArguments) => {
    const status = await run(...args)
    assert.equal(status.state, 'failed')
    if (status.state === 'failed') assert.match(status.message, pattern)
  }
  const manifest = async (path: string) => (await test.send('GET', `/v2/${path}`)).text

  it('an image comes from another registry by tag, with its credentials at its own token service', async () => {
    assert.deepEqual(await run(remote(), 'v1', { 'i/app': ['one', 'two'], 'i/copy': [] }), { state: 'succeeded' })
    assert.equal(await manifest('i/app/manifests/one'), image)
    assert.equal(await manifest('i/app/manifests/two'), image)
    assert.equal(await manifest(`i/copy/manifests/${digestOf(image)}`), image)
    assert.equal(await manifest(`i/copy/blobs/${digestOf(layer)}`), layer)
    const properties = (await test.send('GET', `/acr/v1/i%2Fapp/_tags/one`)).json
    assert.partialDeepStrictEqual(properties, { tag: { digest: digestOf(image) } })
    const secrets = seen.filter(({ authorization }) => authorization === basicSecret)
    assert.deepEqual(
      secrets.map(({ url }) => url),
      ['/token?service=up&scope=repository%3Aup%2Fapp%3Apull'],
    )
    const blobs = seen.filter(({ url, authorization }) => url.includes(digestOf(layer)) && authorization !== undefined)
    assert.equal(blobs.length, 1, 'the second repository takes it from the first')
  })

  it('an index comes with its children, by digest as well as by tag', async () => {
    assert.deepEqual(await run(remote(), 'multi', { 'i/multi': ['latest'] }), { state: 'succeeded' })
    assert.equal(await manifest('i/multi/manifests/latest'), index)
    assert.equal(await manifest(`i/multi/manifests/${digestOf(image)}`), image)
    assert.deepEqual((await test.send('GET', '/v2/i/multi/tags/list')).json['tags'], ['latest'])
    assert.deepEqual(await run(remote(), digestOf(image), { 'i/digest': [] }), { state: 'succeeded' })
    assert.equal(await manifest(`i/digest/manifests/${digestOf(image)}`), image)
  })

  it('an existing tag is not moved without force, even if it was created during the import', async () => {
    const digest = await test.pushImage('i/taken', 'v1', 'taken')
    await assert.rejects(run(remote(), 'v1', { 'i/taken': ['v0', 'v1'] }), /v1 already exists in target registry/)
    assert.equal((await test.send('HEAD', '/v2/i/taken/manifests/v1')).headers['docker-content-digest'], digest)
    const pushed = Promise.withResolvers<void>()
    const { handle: answer } = sourceRegistry((port) => `https://127.0.0.1:${port}/token`)
    handle = (request, response) => {
      if (request.url?.includes(digestOf(layer)) !== true) return answer(request, response)
      void pushed.promise.then(() => answer(request, response))
    }
    const importing = run(remote(), 'v1', { 'i/raced': ['v1'] })
    await test.pushImage('i/raced', 'v1', 'raced')
    pushed.resolve()
    assert.partialDeepStrictEqual(await importing, { state: 'failed', reason: 'conflict' })
    assert.deepEqual(await run(remote(), 'v1', { 'i/taken': ['v1'] }, true), { state: 'succeeded' })
    assert.equal(await manifest('i/taken/manifests/v1'), image)
  })

  it('fault 33: an import, even with force, respects locks', async () => {
    await test.pushImage('i/locked', 'v1', 'locked')
    await test.send('PATCH', '/acr/v1/i%2Flocked/_tags/v1', { body: '{"writeEnabled":false}' })
    await failsWith(/disallowed/, remote(), 'v1', { 'i/locked': ['v1'] }, true)
    await test.send('PATCH', '/acr/v1/i%2Flocked', { body: '{"writeEnabled":false}' })
    await failsWith(/disallowed/, remote(), 'v1', { 'i/locked': ['v2'] }, true)
    await test.send('PATCH', '/acr/v1/i%2Flocked', { body: '{"writeEnabled":true,"readEnabled":false}' })
    await assert.rejects(run(local('i/locked'), 'v1', { 'i/unlocked': ['v1'] }), /locked against reading/)
  })

  it('an image of this server is linked instead of copied', async () => {
    const digest = await test.pushImage('i/source', 'v1', 'local layer')
    const { sizeBytes } = await test.registry.usage(test.hosted.rid)
    assert.deepEqual(await run(local('i/source'), 'v1', { 'i/target': ['v2'] }), { state: 'succeeded' })
    assert.equal((await test.send('HEAD', '/v2/i/target/manifests/v2')).headers['docker-content-digest'], digest)
    assert.equal(await manifest(`i/target/blobs/${digestOf('local layer')}`), 'local layer')
    const { sizeBytes: sizeAfter } = await test.registry.usage(test.hosted.rid)
    assert.ok(sizeAfter - sizeBytes < 1000)
    await test.send('DELETE', '/acr/v1/i%2Fsource')
    test.clock.nowMs += 3 * 24 * 60 * 60 * 1000
    await test.registry.collectGarbage()
    assert.equal(await manifest(`i/target/blobs/${digestOf('local layer')}`), 'local layer')
    await assert.rejects(run(local('i/source'), 'v1', { 'i/again': ['v1'] }), /the source has no/)
    await assert.rejects(run(local('i/target', '2'.repeat(32)), 'v2', { 'i/again': ['v1'] }), /the source has no/)
  })

  it('a blob in quarantine is fetched again, and then served', async () => {
    assert.deepEqual(await run(remote(), 'v1', { 'i/whole': ['v1'] }), { state: 'succeeded' })
    await test.database.transaction(async (transaction) => {
      const blobs = transaction.tables<{ blob: { digest: string; quarantined_at_ms: number } }>().updateTable('blob')
      await blobs.set({ quarantined_at_ms: test.clock.nowMs }).where('digest', '=', digestOf(layer)).execute()
      transaction.changesContent()
    })
    seen = []
    assert.deepEqual(await run(remote(), 'v1', { 'i/whole': ['v2'], 'i/mended': ['v1'] }), { state: 'succeeded' })
    const fetched = seen.filter(
      ({ url, authorization }) => url.includes(digestOf(layer)) && authorization !== undefined,
    )
    assert.equal(fetched.length, 1)
    for (const repository of ['i/whole', 'i/mended']) {
      assert.equal(await manifest(`${repository}/blobs/${digestOf(layer)}`), layer)
    }
  })

  it('fault 40: credentials are not sent to a realm on another host', async () => {
    handle = sourceRegistry(() => `https://other.example:${other.port}/token`).handle
    handleOther = (_request, response) => response.writeHead(200).end('{"token":"t0ken"}')
    await failsWith(/which is another host/, remote(), 'v1', { 'i/fault40': ['v1'] })
    assert.deepEqual(
      seen.filter(({ host }) => host === 'other'),
      [],
    )
    assert.ok(!seen.some(({ authorization }) => authorization?.startsWith('Basic') === true))
    for (const realm of [
      'http://127.0.0.1:1/token',
      `https://127.0.0.1.evil.example:${other.port}/token`,
      'file:///etc/passwd',
      'x',
    ]) {
      handle = sourceRegistry(() => realm).handle
      await failsWith(/which is another host|names no token service|does not use HTTPS/, remote(), 'v1', {
        'i/fault40': ['v1'],
      })
    }
  })

  it('without credentials, a token is requested over HTTPS from any realm that the registry names', async () => {
    handle = sourceRegistry(() => `https://other.example:${other.port}/token`).handle
    handleOther = (_request, response) => response.writeHead(200).end('{"access_token":"t0ken"}')
    assert.deepEqual(await run(remote('none'), 'v1', { 'i/anonymous': ['v1'] }), { state: 'succeeded' })
    assert.deepEqual(
      seen.filter(({ host }) => host === 'other').map(({ url, authorization }) => [url, authorization]),
      [['/token?service=up&scope=repository%3Aup%2Fapp%3Apull', undefined]],
    )
    for (const scheme of ['http', 'ftp']) {
      handle = sourceRegistry(() => `${scheme}://127.0.0.1:${other.port}/token`).handle
      await failsWith(/does not use HTTPS/, remote('none'), 'v1', { 'i/anonymous': ['v2'] })
    }
  })

  it('credentials are sent to the parent domain of the registry, and to a configured token service', async () => {
    handle = sourceRegistry(() => `https://other.example:${other.port}/token`).handle
    handleOther = (request, response) => {
      const isKnown = request.headers.authorization === basicSecret
      response.writeHead(isKnown ? 200 : 401).end('{"token":"t0ken"}')
    }
    for (const host of ['registry.other.example', 'pinned.example']) {
      assert.deepEqual(await run(remote(secret, host), 'v1', { [`i/${host}`]: ['v1'] }), { state: 'succeeded' })
    }
    assert.equal(seen.filter(({ authorization }) => authorization === basicSecret).length, 2)
  })

  it('fault 40: the target of a redirect cannot request credentials', async () => {
    const { handle: answer } = sourceRegistry((port) => `https://127.0.0.1:${port}/token`)
    handle = (request, response) =>
      request.url?.includes('/blobs/') === true
        ? response.writeHead(307, { location: `https://other.example:${other.port}/x` }).end()
        : answer(request, response)
    const challenge = `Bearer realm="https://127.0.0.1:${server.port}/token",service="other"`
    handleOther = (_request, response) => response.writeHead(401, { 'www-authenticate': challenge }).end()
    await failsWith(/does not allow the caller/, remote(), 'v1', { 'i/redirected': ['v2'] })
    assert.ok(!seen.some(({ url }) => url.includes('service=other')))
  })

  it('fault 40: a redirect to another host carries neither credentials nor token', async () => {
    const { contents, handle: answer } = sourceRegistry((port) => `https://127.0.0.1:${port}/token`)
    handle = (request, response) => {
      if (request.headers.authorization !== 'Bearer t0ken' || !request.url?.includes('/blobs/'))
        return answer(request, response)
      response.writeHead(307, { location: `https://other.example:${other.port}${request.url}` }).end()
    }
    handleOther = (request, response) => response.writeHead(200).end(contents[request.url ?? '']?.[1])
    assert.deepEqual(await run(remote(), 'v1', { 'i/redirected': ['v1'] }), { state: 'succeeded' })
    const stored = seen.filter(({ host }) => host === 'other')
    assert.equal(stored.length, 2)
    assert.deepEqual(new Set(stored.map(({ authorization }) => authorization)), new Set([undefined]))
  })

  it('a source whose content does not match its manifest fails the import, and no tag is set', async () => {
    const cases: [RegExp, Handler][] = [
      [/do not match|provided digest/, (_request, response) => response.writeHead(200).end('x'.repeat(layer.length))],
      [/the size of the content/, (_request, response) => response.writeHead(200).end('short')],
      [/the size of the content/, (_request, response) => response.writeHead(200).end('x'.repeat(100_000))],
      [/has no up\/app\/blobs/, (_request, response) => response.writeHead(404).end()],
      [/answered 500/, (_request, response) => response.writeHead(500).end()],
      [/does not allow the caller/, (_request, response) => response.writeHead(403).end()],
      [/redirects endlessly/, (request, response) => response.writeHead(302, { location: request.url }).end()],
      [/redirects endlessly/, (_request, response) => response.writeHead(302).end()],
      [
        /connection to the source was lost|the size of the content/,
        (_request, response) => {
          response.writeHead(200, { 'content-length': layer.length })
          response.write('half', () => response.destroy())
        },
      ],
    ]
    for (const [number, [message, blob]] of cases.entries()) {
      const { handle: answer } = sourceRegistry((port) => `https://127.0.0.1:${port}/token`)
      handle = (request, response) => {
        const isLayer =
          request.url?.includes(digestOf(layer)) === true && request.headers.authorization === 'Bearer t0ken'
        return (isLayer ? blob : answer)(request, response)
      }
      await failsWith(message, remote(), 'v1', { [`i/bad${number}`]: ['v1'] })
      assert.equal((await test.send('GET', `/v2/i/bad${number}/manifests/v1`)).status, 404)
    }
    await test.registry.collectGarbage()
  })

  it('a manifest that is invalid, does not match its digest or is too large is rejected', async () => {
    const cases: [RegExp, string, string][] = [
      [/not accepted/, 'v1', '{}'],
      [/not accepted/, 'v1', '<html>'],
      [/more than/, 'v1', ' '.repeat(5 * 1024 * 1024)],
      [/do not match/, digestOf('something else'), image],
    ]
    for (const [message, reference, body] of cases) {
      handle = (_request, response) => response.writeHead(200, { 'content-type': ociImageManifestType }).end(body)
      await failsWith(message, remote(), reference, { 'i/none': ['v1'] })
    }
  })

  it('missing and wrong credentials are reported', async () => {
    await failsWith(/does not allow the caller|answered 401/, remote({ ...secret, password: 'wrong' }), 'v1', {
      'i/no': ['v1'],
    })
    await failsWith(/answered 401/, remote('none'), 'v1', { 'i/no': ['v1'] })
    handle = (_request, response) => response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    await failsWith(/does not allow the caller/, remote(), 'v1', { 'i/no': ['v1'] })
    assert.ok(
      seen.some(({ authorization }) => authorization === basicSecret),
      'Basic goes to the registry itself',
    )
    handle = (_request, response) => response.writeHead(401).end()
    await failsWith(/requires credentials/, remote(), 'v1', { 'i/no': ['v1'] })
  })
}
