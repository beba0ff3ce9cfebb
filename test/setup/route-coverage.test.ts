import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rejectedOperations, unansweredOperations } from './route-coverage.ts'

const document = {
  paths: {
    '/v2/{name}/tags/list': { get: {}, parameters: [] },
    '/subscriptions/{id}': { get: {}, put: {} },
    '/sign-in/style.eac52526fdc727ee92eb.css': { get: {} },
    '/graph/v1.0/groups/{id}/members/$ref': { post: {} },
  },
}

test('an operation is covered when a request of its method and path succeeded', () => {
  const answered = [
    'GET /v2/team/a%70p/tags/list',
    'PUT /Subscriptions/1',
    'GET /sign-in/style.00000000000000000000.css',
    'POST /graph/v1.0/groups/1/members/$ref',
  ]
  assert.deepEqual(unansweredOperations(document, answered), ['GET /subscriptions/{id}'])
  assert.equal(unansweredOperations(document, []).length, 5)
  assert.ok(unansweredOperations(document, ['GET /subscriptions/1/2']).includes('GET /subscriptions/{id}'))
})

test('a request that the server reads as one for a more specific path does not cover the general operation', () => {
  const one = { '/acr/v1/{name}': { get: {} }, '/acr/v1/{name}/_tags': { get: {} } }
  const paths = { ...one, '/acr/v1/_deleted/{name}/_tags': { get: {} } }
  const ofTags = unansweredOperations({ paths }, ['GET /acr/v1/team/app/_tags'])
  assert.deepEqual(ofTags, ['GET /acr/v1/_deleted/{name}/_tags', 'GET /acr/v1/{name}'])
  assert.deepEqual(unansweredOperations({ paths }, ['GET /acr/v1/_deleted/team/app/_tags', 'GET /acr/v1/app']), [
    'GET /acr/v1/{name}/_tags',
  ])
})

test('a doubled slash in a path is one', () => {
  assert.ok(!unansweredOperations(document, ['GET /subscriptions//1']).includes('GET /subscriptions/{id}'))
})

test('an operation that only rejects is not missed', () => {
  const denies = { 'x-denies': true }
  const paths = {
    '/locks': { get: {} },
    '/locks/{name}': { get: denies },
    '/tags': { get: {}, put: denies },
    '/token': { get: denies, post: {} },
    '/portal/api/arm/{path}': { get: { 'x-passes-on': true } },
  }
  assert.deepEqual(rejectedOperations({ paths }), ['GET /locks/{name}', 'PUT /tags', 'GET /token'])
  assert.deepEqual(unansweredOperations({ paths }, []), ['GET /locks', 'GET /tags', 'POST /token'])
})
