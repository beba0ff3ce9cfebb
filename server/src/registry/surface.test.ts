import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { after, before, beforeEach, describe, it } from 'node:test'
import fc from 'fast-check'
import { ociErrors } from '@acrux/shared/standards/oci/oci-error.ts'
import type { RegistryNeed } from './protocol/ports.ts'
import { registryRoutes } from './routes.ts'
import { digestOf, openTestRegistry, type TestRegistry } from '../../testing/registry/test-registry.ts'
import { usualDatabaseKind } from '../../testing/platform/test-database.ts'

/** The path of a route with names of which nothing is there. */
function examplePath(path: string): string {
  return path
    .replace(':name', 'team/app')
    .replace(':digest', digestOf('absent'))
    .replace(':reference', 'v1')
    .replace(':tag', 'v1')
    .replace(':id', '00000000-0000-4000-8000-000000000000')
}

/** Every header that an answer of this surface may have; a new one is to be thought about. */
const allowedHeaders = new Set([
  'accept-ranges',
  'access-control-expose-headers',
  'allow',
  'connection',
  'content-disposition',
  'content-length',
  'content-range',
  'content-security-policy',
  'content-type',
  'date',
  'docker-content-digest',
  'docker-distribution-api-version',
  'docker-upload-uuid',
  'etag',
  'keep-alive',
  'link',
  'location',
  'oci-filters-applied',
  'oci-subject',
  'oci-tag',
  'range',
  'strict-transport-security',
  'vary',
  'www-authenticate',
  'x-content-type-options',
  'x-ms-client-request-id',
  'x-ms-correlation-request-id',
  'x-ms-int-docker-content-digest',
  'x-ms-request-id',
])

describe('a request to the registry', () => {
  let test: TestRegistry

  before(async () => {
    test = await openTestRegistry(usualDatabaseKind)
  })
  beforeEach(() => {
    test.gate.denies = false
    test.needs.length = 0
  })
  after(() => test.dispose())

  const lastNeed = (): RegistryNeed | undefined => test.needs.at(-1)

  it('counts as its route says, however its path is spelled', async () => {
    const digest = digestOf('')
    // prettier-ignore
    const cases = [
      ['GET',    '/v2/team/app/manifests/1',                 'read'],
      ['GET',    `/v2/team/app/referrers/${digest}`,         'referrers'],
      ['GET',    `/v2/team/app/r%65ferrers/${digest}`,       'referrers'],
      ['GET',    '/v2/team/referrers/manifests/1',           'read'],
      ['HEAD',   `/v2/a/referrers/b/blobs/${digest}`,        'read'],
      ['PUT',    '/v2/team/app/manifests/1',                 'write'],
      ['DELETE', '/v2/team/app/manifests/1',                 'delete'],
      ['PATCH',  '/acr/v1/team/app',                         'write'],
      ['GET',    '/v2/nothing',                              'read'],
    ] as const
    for (const [method, path, rate] of cases) {
      await test.send(method, path)
      assert.equal(test.gate.rate, rate, `${method} ${path}`)
    }
  })

  it('to an unknown host is 404, and the gate is not asked', async () => {
    const answer = await test.send('GET', '/v2/', { host: 'nobody.example' })
    assert.equal(answer.status, 404)
    assert.equal(answer.code, 'NAME_UNKNOWN')
    assert.equal(test.needs.length, 0)
  })

  // What an operation’s challenge asks for. [ACR, scope per operation]
  const needs: readonly [method: string, path: string, need: string][] = [
    ['GET', '/v2/', 'signed-in'],
    ['GET', '/v2', 'signed-in'],
    ['HEAD', '/v2/', 'signed-in'],
    ['GET', '/v2/_catalog', 'registry:catalog'],
    ['GET', '/acr/v1/_catalog', 'registry:catalog'],
    ['GET', '/acr/v1/_repositories', 'registry:repositories'],
    ['POST', '/acr/v1/_bulk', 'signed-in'],
    ['GET', '/v2/a/b/manifests/x', 'a/b:pull'],
    ['HEAD', '/v2/a/b/manifests/x', 'a/b:pull'],
    ['PUT', '/v2/a/b/manifests/x', 'a/b:pull,push'],
    ['DELETE', '/v2/a/b/manifests/x', 'a/b:delete'],
    ['GET', `/v2/a/b/blobs/${digestOf('')}`, 'a/b:pull'],
    ['DELETE', `/v2/a/b/blobs/${digestOf('')}`, 'a/b:delete'],
    ['GET', `/v2/a/b/referrers/${digestOf('')}`, 'a/b:pull'],
    ['GET', '/v2/a/b/tags/list', 'a/b:metadata_read'],
    ['POST', '/v2/a/b/blobs/uploads/', 'a/b:pull,push'],
    ['POST', '/v2/a/b/blobs/uploads', 'a/b:pull,push'],
    ['GET', '/v2/a/b/blobs/uploads/x', 'a/b:pull,push'],
    ['PATCH', '/v2/a/b/blobs/uploads/x', 'a/b:pull,push'],
    ['PUT', '/v2/a/b/blobs/uploads/x', 'a/b:pull,push'],
    ['DELETE', '/v2/a/b/blobs/uploads/x', 'a/b:pull,push'],
    ['GET', '/acr/v1/a%2Fb', 'a/b:metadata_read'],
    ['GET', '/acr/v1/a/b/_tags', 'a/b:metadata_read'],
    ['PATCH', '/acr/v1/a%2Fb/_tags/x', 'a/b:metadata_write'],
    ['PATCH', `/acr/v1/a%2Fb/_manifests/${encodeURIComponent(digestOf(''))}`, 'a/b:metadata_write'],
    ['DELETE', '/acr/v1/a%2Fb', 'a/b:delete'],
    ['DELETE', '/acr/v1/a%2Fb/_tags/x', 'a/b:delete or metadata_write or untag'],
    ['GET', '/acr/v1/_deleted/_catalog', 'registry:deleted_catalog'],
    ['GET', '/acr/v1/_deleted/a%2Fb/_manifests', 'a/b:deleted_read'],
    ['POST', `/acr/v1/_deleted/a%2Fb/_manifests/${digestOf('')}`, 'a/b:deleted_read,deleted_restore'],
  ]
  for (const [method, path, need] of needs) {
    it(`${method} ${path.slice(0, 50)} needs ${need}`, async () => {
      test.gate.denies = true
      const answer = await test.send(method, path)
      assert.equal(answer.status, 401)
      const asked = lastNeed()
      assert.equal(test.needs.length, 1)
      if (asked?.kind === 'signed-in') assert.equal(need, 'signed-in')
      else if (asked?.kind === 'catalog') assert.equal(need, `registry:${asked.name}`)
      else {
        const either = (asked?.anyOf ?? []).map((action) => ` or ${action}`).join('')
        assert.equal(need, `${asked?.repository}:${asked?.actions.join(',')}${either}`)
      }
    })
  }

  it('asks the gate for the same need every time, even if its path is cached', async () => {
    await test.pushImage('known/app', 'v1')
    for (const denies of [false, true, false, true]) {
      test.gate.denies = denies
      for (const path of ['/v2/known/app/manifests/v1', '/v2/known/app/manifests/v1?ns=docker.io', '/v2/known/app/x']) {
        for (const method of ['GET', 'HEAD', 'DELETE']) {
          if (method === 'DELETE' && !denies) continue
          test.needs.length = 0
          const answer = await test.send(method, path)
          const isManifest = path.includes('manifests')
          assert.equal(answer.status, isManifest ? (denies ? 401 : 200) : 404, `${method} ${path}`)
          const actions = [method === 'DELETE' ? 'delete' : 'pull']
          const need = isManifest ? { kind: 'repository', repository: 'known/app', actions } : { kind: 'signed-in' }
          assert.deepEqual(test.needs, [need])
        }
      }
    }
  })

  it('is denied with its challenge before anything else is checked, on every route', async () => {
    test.gate.denies = true
    for (const { method, path } of registryRoutes) {
      for (const query of ['', '?n=x&digest=&mount=x&orderby=x']) {
        const answer = await test.send(method, `${examplePath(path)}${query}`, { body: 'not even JSON' })
        assert.equal(answer.status, 401, `${method} ${path}`)
        assert.match(String(answer.headers['www-authenticate']), /^Bearer realm=/)
        assert.equal(answer.headers['docker-distribution-api-version'], 'registry/2.0')
        if (method === 'HEAD') continue
        assert.deepEqual(answer.json, {
          errors: [{ code: 'UNAUTHORIZED', message: 'authentication required', detail: null }],
        })
        assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
      }
    }
  })

  it('with a large body is answered without reading it, and its connection stays usable', async () => {
    test.gate.denies = true
    const piece = Buffer.alloc(256 * 1024)
    const body = Readable.from(Array.from({ length: 16 }, () => piece))
    assert.equal((await test.send('PUT', '/v2/a/manifests/x', { body })).status, 401)
    const socket = connect(test.port, '127.0.0.1')
    await once(socket, 'connect')
    const request = (length: number) =>
      `PATCH /v2/a/blobs/uploads/x HTTP/1.1\r\nhost: first.example\r\ncontent-length: ${length}\r\n\r\n`
    socket.write(request(3_000_000))
    const [first] = (await once(socket, 'data')) as [Buffer]
    assert.match(first.toString(), /^HTTP\/1\.1 401 /)
    socket.write(Buffer.alloc(3_000_000))
    socket.write(request(0))
    const [second] = (await once(socket, 'data')) as [Buffer]
    assert.match(second.toString(), /^HTTP\/1\.1 401 /)
    socket.destroy()
  })

  it('that is aborted during a manifest leaves nothing behind', async () => {
    const socket = connect(test.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write('PUT /v2/gone/manifests/x HTTP/1.1\r\nhost: first.example\r\ncontent-length: 100\r\n\r\n{"a":')
    while (test.needs.length === 0) await new Promise(setImmediate)
    socket.destroy()
    await once(socket, 'close')
    assert.equal((await test.send('GET', '/v2/gone/manifests/x')).status, 404)
  })

  it('may have an unexpected body', async () => {
    const headers = { 'content-type': 'application/json' }
    const answer = await test.send('GET', '/v2/a/manifests/sha256:totallywrong', { headers, body: 'blablabla' })
    assert.equal(answer.status, 404)
    assert.equal((await test.send('GET', '/v2/', { headers, body: 'blablabla' })).status, 200)
  })

  it('for a malformed digest is 400', async () => {
    assert.equal((await test.send('GET', '/v2/a/blobs/sha256:x')).code, 'DIGEST_INVALID')
  })

  // The Azure SDKs for Python fail if a challenge has no scope.
  const answers: readonly [method: string, path: string, status: number, code: string, why: string][] = [
    ['GET', '/v2/A/manifests/x', 404, 'NAME_INVALID', 'capitals'],
    ['PUT', '/v2/a..b/manifests/x', 404, 'NAME_INVALID', 'two dots'],
    ['POST', '/v2/A/blobs/uploads/', 404, 'NAME_INVALID', 'capitals'],
    ['GET', `/v2/${'a'.repeat(256)}/tags/list`, 404, 'NAME_INVALID', 'too long'],
    ['GET', '/acr/v1/Nonexistent', 404, 'NAME_INVALID', 'capitals'],
    ['GET', '/acr/v1/Nonexistent/_tags/x', 404, 'NAME_INVALID', 'capitals'],
    ['PATCH', '/acr/v1/Nonexistent/_tags/x', 404, 'NAME_INVALID', 'capitals'],
    ['DELETE', '/acr/v1/Nonexistent', 404, 'NAME_INVALID', 'capitals'],
    ['GET', '/acr/v1/_deleted/A/_tags', 404, 'NAME_INVALID', 'capitals'],
    ['GET', '/acr/v1/a/_other', 404, 'NOT_FOUND', 'no such path'],
    ['PUT', '/v2/a/b/tags/list', 405, 'UNSUPPORTED', 'no such method'],
    ['GET', '/v2/a/blobs/sha256:..%2f..%2fetc', 404, 'NOT_FOUND', 'more than one segment'],
    ['GET', '/v2/a/%2e%2e/manifests/x', 404, 'NOT_FOUND', 'a way out'],
    ['GET', '/v2/a/manifests/x%00', 404, 'NOT_FOUND', 'a control character'],
    ['GET', '/v2/a%5Cb/manifests/x', 404, 'NOT_FOUND', 'a backslash'],
    ['GET', '/V2/', 404, 'NOT_FOUND', 'paths are told apart by case here'],
    ['GET', '//v2/', 404, 'NOT_FOUND', 'and by their slashes'],
    ['GET', '/v2/nothing', 404, 'NOT_FOUND', 'no such path'],
    ['GET', '/acr/v1/', 404, 'NOT_FOUND', 'no such path'],
    ['POST', '/v2/a/manifests/x', 405, 'UNSUPPORTED', 'no such method'],
    ['OPTIONS', '/v2/a/manifests/x', 405, 'UNSUPPORTED', 'no such method'],
    ['DELETE', '/acr/v1/a/_manifests/x', 405, 'UNSUPPORTED', 'no such method'],
  ]
  for (const [method, path, status, code, why] of answers) {
    it(`${method} ${path.slice(0, 40)} is ${status} ${code} without a challenge for every caller: ${why}`, async () => {
      for (const denies of [true, false]) {
        test.gate.denies = denies
        const answer = await test.send(method, path)
        assert.equal(answer.status, status)
        assert.equal(answer.code, code)
        assert.equal(answer.headers['www-authenticate'], undefined)
        if (status === 405) assert.match(String(answer.headers.allow), /^[A-Z]+(, [A-Z]+)*$/)
        assert.deepEqual(test.needs.at(-1), { kind: 'signed-in' })
      }
    })
  }

  it('is answered only with listed headers', async () => {
    const config = '{}'
    await test.pushBlob('headers/app', config)
    await test.pushImage('headers/app', 'v1')
    for (const denies of [false, true]) {
      test.gate.denies = denies
      for (const { method, path } of registryRoutes) {
        if (method === 'DELETE') continue
        for (const name of ['headers/app', 'team/app']) {
          const url = examplePath(path).replace('team/app', name)
          const headers = { 'x-ms-client-request-id': 'abc', origin: 'https://example.com' }
          const answer = await test.send(method, url, { headers, ...(method !== 'GET' && { body: '{}' }) })
          assert.ok(answer.status < 500, `${method} ${url}`)
          for (const header of Object.keys(answer.headers)) assert.ok(allowedHeaders.has(header), `${header} on ${url}`)
          assert.match(String(answer.headers.vary), /Authorization/)
          assert.match(String(answer.headers.vary), /Origin/)
          assert.equal(answer.headers['access-control-allow-origin'], undefined)
          assert.match(String(answer.headers['x-ms-correlation-request-id']), /^[0-9a-f-]{36}$/)
          assert.equal(answer.headers['x-ms-client-request-id'], 'abc')
        }
      }
    }
  })

  it('never fails because of its content', async () => {
    const codes = new Set<string>(Object.keys(ociErrors))
    const segment = fc.oneof(
      fc.constantFrom('a', 'b/c', '..', '%2e', '%2F', '%00', '_catalog', '_tags', '_manifests', '_deleted', 'blobs'),
      fc.constantFrom('uploads', 'manifests', 'tags', 'list', 'referrers', 'latest', '', '%', 'sha256:', digestOf('x')),
      fc.string({ maxLength: 12 }).map((text) => encodeURIComponent(text.toWellFormed())),
    )
    const query = fc.oneof(
      fc.constant(''),
      fc.constantFrom(
        '?n=1&last=%00',
        '?n=0',
        '?digest=',
        '?mount=x&from=%00',
        '?orderby=timedesc&last=x',
        '?tag=&tag=a',
      ),
      fc.string({ maxLength: 20 }).map((text) => `?n=${encodeURIComponent(text.toWellFormed())}`),
    )
    const request = fc.record({
      method: fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE'),
      prefix: fc.constantFrom('/v2/', '/acr/v1/', '/v2/a/manifests/', '/v2/a/blobs/uploads/', '/acr/v1/a/_tags/'),
      segments: fc.array(segment, { maxLength: 5 }),
      query,
      body: fc.oneof(fc.constantFrom('', '{}', '[]', '{"schemaVersion":2,"manifests":[]}', '\u0000'), fc.json()),
      contentType: fc.constantFrom(
        undefined,
        'application/json',
        'application/vnd.oci.image.index.v1+json',
        ' ;',
        'a/b\t',
      ),
    })
    const property = fc.asyncProperty(request, async ({ method, prefix, segments, query, body, contentType }) => {
      const path = `${prefix}${segments.join('/')}${query}`
      const headers = contentType === undefined ? {} : { 'content-type': contentType }
      const answer = await test.send(method, path, { headers, ...(method !== 'GET' && { body }) })
      assert.ok(answer.status < 500, `${method} ${path} ${body}: ${answer.status}`)
      // The router itself denies escapes that are none.
      if (answer.code !== undefined && !answer.text.includes('"error":')) assert.ok(codes.has(answer.code), answer.code)
    })
    await fc.assert(property, { numRuns: 600 })
  })
})
