import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  at,
  codeOf,
  newRegistry,
  openTestManagement,
  publicOrigin,
  registryPath,
  subscriptionScope,
} from '../../../testing/management/test-management.ts'

const server = await openTestManagement()
const { arm } = server
test.after(() => server.close())

const registry = registryPath('contoso')
await arm('PUT', registry, newRegistry())
const version = 'api-version=2023-07-01'
const get = (relativeUrl: string) => ({ httpMethod: 'GET', relativeUrl })

test('a batch answers each of its reads as if it were sent alone', async () => {
  const alone = await arm('GET', `${registry}?${version}`)
  const batch = await arm('POST', '/batch', {
    requests: [
      get(`${registry}?${version}`),
      { httpMethod: 'GET', url: `${publicOrigin}${registryPath('nosuch')}?${version}`, name: 'missing' },
      get(registry),
    ],
  })
  assert.equal(batch.status, 200, batch.text)
  assert.deepEqual(at(batch.body, 'responses', 0, 'content'), alone.body)
  assert.equal(at(batch.body, 'responses', 0, 'httpStatusCode'), 200)
  assert.match(String(at(batch.body, 'responses', 0, 'headers', 'x-ms-correlation-request-id')), /^[0-9a-f-]{36}$/)
  assert.equal(at(batch.body, 'responses', 1, 'name'), 'missing')
  assert.equal(at(batch.body, 'responses', 1, 'httpStatusCode'), 404)
  assert.equal(at(batch.body, 'responses', 1, 'content', 'error', 'code'), 'ResourceNotFound')
  assert.equal(at(batch.body, 'responses', 2, 'content', 'error', 'code'), 'MissingApiVersionParameter')
})

test('a batch has the permissions of its sender, and leaves the same events', async () => {
  const token = await server.tokenFor(await server.createPrincipal('stranger'))
  const batch = await arm('POST', '/batch', { requests: [get(`${registry}?${version}`)] }, { token })
  assert.equal(at(batch.body, 'responses', 0, 'httpStatusCode'), 403)
  const id = at(batch.body, 'responses', 0, 'headers', 'x-ms-correlation-request-id')
  const [event] = (await server.events()).filter(({ correlation_id: found }) => found === id)
  assert.equal(event?.action, 'management.registries.get')
  assert.equal(event?.outcome, 'refused')
})

test('a batch changes nothing, leaves no other surface or server, and has at most 20 requests', async () => {
  const rejected = [
    [{ httpMethod: 'DELETE', relativeUrl: `${registry}?${version}` }],
    [{ httpMethod: 'GET' }],
    Array.from({ length: 21 }, () => get(`${subscriptionScope}?${version}`)),
    [],
  ]
  for (const requests of rejected) {
    const answer = await arm('POST', '/batch', { requests })
    assert.equal(answer.status, 400, JSON.stringify(requests))
    assert.equal(codeOf(answer), 'InvalidRequestContent')
  }
  assert.equal((await arm('GET', registry)).status, 200)
  for (const url of [
    '/batch',
    '/v2/',
    '/graph/v1.0/me',
    '/subscriptions/../graph/v1.0/me',
    '/subscriptions/%2e%2e/v2/',
    '//evil.example/subscriptions',
    'https://evil.example/subscriptions',
  ]) {
    const answer = await arm('POST', '/batch', { requests: [get(url)] })
    assert.equal(at(answer.body, 'responses', 0, 'httpStatusCode'), 404, url)
  }
})
