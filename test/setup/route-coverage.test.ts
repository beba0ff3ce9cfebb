import assert from 'node:assert/strict'
import { test } from 'node:test'

const { unansweredOperations } = (await import(new URL('route-coverage.mjs', import.meta.url).href)) as {
  unansweredOperations: (document: object, answered: readonly string[]) => string[]
}

const document = {
  paths: {
    '/v2/{name}/tags/list': { get: {}, parameters: [] },
    '/subscriptions/{id}': { get: {}, put: {} },
    '/sign-in/style.eac52526fdc727ee92eb.css': { get: {} },
    '/graph/v1.0/groups/{id}/members/$ref': { post: {} },
  },
}

test('an operation counts as answered when a request of its method and path succeeded', () => {
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
