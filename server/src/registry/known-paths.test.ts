import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { it } from 'node:test'
import { type AskedPath, KnownPaths } from './known-paths.ts'

const asked: AskedPath = {
  queryAt: -1,
  matched: undefined,
  route: undefined,
  need: { kind: 'signed-in' },
  rate: 'read',
}
const request = (method: string, url: string) => ({ method, url }) as IncomingMessage

it('stores paths by method', () => {
  const paths = new KnownPaths()
  paths.keep(request('GET', '/v2/a/manifests/v1'), asked)
  assert.equal(paths.get(request('GET', '/v2/a/manifests/v1')), asked)
  assert.equal(paths.get(request('HEAD', '/v2/a/manifests/v1')), undefined)
  assert.equal(paths.get(request('GET', '/v2/a/manifests/V1')), undefined)
})

it('does not store the path of a change, a path with a query or a long path', () => {
  const paths = new KnownPaths()
  const long = `/v2/${'a/'.repeat(126)}b/manifests/v1`
  const kept = [
    { method: 'PUT', url: '/v2/a/manifests/v1', queryAt: -1 },
    { method: 'GET', url: '/v2/_catalog?n=1', queryAt: 12 },
    { method: 'GET', url: long, queryAt: -1 },
  ]
  for (const { method, url, queryAt } of kept) {
    paths.keep(request(method, url), { ...asked, queryAt })
    assert.equal(paths.get(request(method, url)), undefined, `${method} ${url}`)
  }
})
