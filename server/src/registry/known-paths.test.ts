import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KnownPath, KnownPaths } from './known-paths.ts'
import { registryRoutes } from './routes.ts'

const [route] = registryRoutes
if (route === undefined) throw new Error('the table is empty')
const known: KnownPath = { route, need: { kind: 'signed-in' }, path: { kind: 'base' } }

test('a path is cached only for its own method', () => {
  const paths = new KnownPaths()
  paths.set('GET', '/v2/', known)
  assert.equal(paths.get('GET', '/v2/'), known)
  assert.equal(paths.get('HEAD', '/v2/'), undefined)
  assert.equal(paths.get('GET', '/v2'), undefined)
})

test('paths that are requested once, such as those of uploads, and long paths are not cached', () => {
  const paths = new KnownPaths()
  for (const method of ['PUT', 'PATCH', 'POST', 'DELETE', 'OPTIONS', '']) {
    paths.set(method, '/v2/', known)
    assert.equal(paths.get(method, '/v2/'), undefined, method)
  }
  const long = `/v2/${'a'.repeat(300)}/tags/list`
  paths.set('GET', long, known)
  assert.equal(paths.get('GET', long), undefined)
})

test('only the newest paths are cached', () => {
  const paths = new KnownPaths()
  const path = (number: number) => `/v2/a${number}/tags/list`
  const count = 20_000
  for (let number = 0; number < count; number += 1) paths.set('GET', path(number), known)
  let cached = 0
  for (let number = 0; number < count; number += 1) if (paths.get('GET', path(number)) !== undefined) cached += 1
  assert.equal(cached, 8192)
  assert.equal(paths.get('GET', path(count - 1)), known)
  assert.equal(paths.get('GET', path(0)), undefined)
})
