import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openGraph } from '../../../testing/graph/test-graph.ts'

type Responses = readonly { readonly id: string; readonly status: number; readonly body?: unknown }[]
const responsesOf = (body: Record<string, unknown>) => body['responses'] as Responses

test('a batch answers each of its reads as if it were sent alone', async (t) => {
  const { asOwner, owner } = await openGraph(t)
  const me = await asOwner('GET', `/servicePrincipals/${owner.servicePrincipal.objectId}`)
  const { status, body } = await asOwner('POST', '/$batch', {
    requests: [
      { id: '1', method: 'GET', url: `/servicePrincipals/${owner.servicePrincipal.objectId}` },
      { id: 'b', method: 'GET', url: 'users/99999999-9999-4999-8999-999999999999' },
      { id: 'c', method: 'GET', url: '/../../subscriptions?api-version=1' },
    ],
  })
  assert.equal(status, 200)
  const [first, second, third] = responsesOf(body)
  assert.deepEqual([first?.id, first?.status, first?.body], ['1', me.status, me.body])
  assert.deepEqual([second?.id, second?.status], ['b', 404])
  assert.deepEqual([third?.id, third?.status], ['c', 404])
})

test('a batch shows what its sender may see, and changes nothing', async (t) => {
  const { as, asOwner, alice, makeProgram } = await openGraph(t)
  const { servicePrincipal: stranger } = await makeProgram('stranger')
  const { body: application } = await asOwner('POST', '/applications', { displayName: 'secret' })
  const requests = [{ id: '1', method: 'GET', url: `/applications/${String(application['id'])}` }]
  const seen = await as(stranger.objectId)('POST', '/$batch', { requests })
  assert.equal(responsesOf(seen.body)[0]?.status, 403)
  const shown = await asOwner('POST', '/$batch', { requests })
  assert.equal(responsesOf(shown.body)[0]?.status, 200)
  const twice = [...requests, ...requests]
  const many = Array.from({ length: 21 }, (_one, index) => ({ id: String(index), method: 'GET', url: '/me' }))
  const rejected = [[{ id: '1', method: 'DELETE', url: `/users/${alice.objectId}` }], twice, many, []]
  for (const one of rejected) {
    assert.equal((await asOwner('POST', '/$batch', { requests: one })).status, 400, JSON.stringify(one))
  }
})
