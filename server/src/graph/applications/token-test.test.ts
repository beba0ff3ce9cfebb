import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorOf, openGraph } from '../../../testing/graph/test-graph.ts'

test('a pasted token is compared with each federated credential, claim by claim', async (t) => {
  const opened = await openGraph(t)
  const { asOwner } = opened
  const { body: application } = await asOwner('POST', '/applications', { displayName: 'ci' })
  await asOwner('POST', '/servicePrincipals', { appId: application['appId'] })
  const path = `/applications/${String(application['id'])}`
  const issuer = 'https://gitlab.example.com'
  const audiences = ['registry.example.com']
  const value = "claims['project_id'] eq '42' and claims['ref'] eq 'main'"
  const byClaims = { name: 'by-claims', issuer, audiences, claimsMatchingExpression: { value, languageVersion: 1 } }
  const bySubject = { name: 'by-subject', issuer, audiences, subject: 'a' }
  for (const credential of [byClaims, bySubject]) {
    assert.equal((await asOwner('POST', `${path}/federatedIdentityCredentials`, credential)).status, 201)
  }
  const ask = (as: typeof asOwner, claims: object | string) =>
    as('POST', `${path}/testWorkloadToken`, { token: typeof claims === 'string' ? claims : JSON.stringify(claims) })
  const claims = { iss: issuer, sub: 'b', aud: 'registry.example.com', project_id: '42', ref: 'main' }

  await t.test('it says which credential matched', async () => {
    const { status, body } = await ask(asOwner, claims)
    assert.equal(status, 200, JSON.stringify(body))
    assert.equal(body['outcome'], 'matched')
    assert.deepEqual(
      (body['credentials'] as { name: string; isMatch: boolean }[]).map(({ name, isMatch }) => [name, isMatch]),
      [
        ['by-claims', true],
        ['by-subject', false],
      ],
    )
  })
  await t.test('it says which claims differ', async () => {
    const { ref: _ref, ...rest } = claims
    const { body } = await ask(asOwner, { ...rest, project_id: '43' })
    assert.equal(body['outcome'], 'subject')
    const [first, second] = body['credentials'] as { differences: object[] }[]
    assert.deepEqual(first?.differences, [
      { claim: 'project_id', expected: '42', actual: '43' },
      { claim: 'ref', expected: 'main', actual: null },
    ])
    assert.deepEqual(second?.differences, [{ claim: 'sub', expected: 'a', actual: 'b' }])
  })
  await t.test('a text that is no token is rejected', async () => {
    const { status, body } = await ask(asOwner, 'nothing')
    assert.equal(status, 400)
    assert.match(errorOf(body).message, /not a JSON Web Token/)
  })
  await t.test('only an owner of the application may ask', async () => {
    const stranger = await opened.makeProgram('stranger')
    assert.equal((await ask(opened.as(stranger.servicePrincipal.objectId), claims)).status, 403)
  })
})
