import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KnownPath, KnownPaths } from './known-paths.ts'
import { registryRoutes } from './routes.ts'

const [route] = registryRoutes
if (route === undefined) throw new Error('the table is empty')
const known: KnownPath = { route, need: { kind: 'signed-in' }, path: { kind: 'base' } }

test('A path is remembered for its own method alone', () => {
  const paths = new KnownPaths()
  paths.keep('GET', '/v2/', known)
  assert.equal(paths.find('GET', '/v2/'), known)
  assert.equal(paths.find('HEAD', '/v2/'), undefined)
  assert.equal(paths.find('GET', '/v2'), undefined)
})

test('What is asked once, such as the paths of uploads, and what is long is not remembered', () => {
  const paths = new KnownPaths()
  for (const method of ['PUT', 'PATCH', 'POST', 'DELETE', 'OPTIONS', '']) {
    paths.keep(method, '/v2/', known)
    assert.equal(paths.find(method, '/v2/'), undefined, method)
  }
  const long = `/v2/${'a'.repeat(300)}/tags/list`
  paths.keep('GET', long, known)
  assert.equal(paths.find('GET', long), undefined)
})

test('However many paths are asked, only the newest of them are remembered', () => {
  const paths = new KnownPaths()
  const path = (number: number) => `/v2/a${number}/tags/list`
  const count = 20_000
  for (let number = 0; number < count; number += 1) paths.keep('GET', path(number), known)
  let remembered = 0
  for (let number = 0; number < count; number += 1) if (paths.find('GET', path(number)) !== undefined) remembered += 1
  assert.equal(remembered, 8192)
  assert.equal(paths.find('GET', path(count - 1)), known)
  assert.equal(paths.find('GET', path(0)), undefined)
})
