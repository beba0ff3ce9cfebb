import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { usualDatabaseKind, usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { testOrigin } from '../../../testing/directory/test-directory.ts'
import { type GraphClient, openGraph, reference } from '../../../testing/graph/test-graph.ts'

const gitHub = 'https://token.actions.githubusercontent.com'

async function open(t: TestContext, kind: DatabaseKind = usualDatabaseKind) {
  const opened = await openGraph(t, kind)
  const { asOwner } = opened
  const stranger = await opened.makeProgram('stranger')
  const application = await asOwner('POST', '/applications', { displayName: 'ci' })
  const appId = String(application.body['appId'])
  const principal = await asOwner('POST', '/servicePrincipals', { appId })
  const list = `/applications/${String(application.body['id'])}/federatedIdentityCredentials`
  const asStranger = opened.as(stranger.servicePrincipal.objectId)
  return { ...opened, asStranger, appId, objectId: String(principal.body['id']), list, application }
}

const wanted = (change: Record<string, unknown> = {}) => ({
  name: 'main-branch',
  issuer: gitHub,
  subject: 'repo:octo/app:ref:refs/heads/main',
  audiences: ['api://AzureADTokenExchange'],
  description: 'pushes of main',
  ...change,
})

async function create(as: GraphClient, list: string, change: Record<string, unknown> = {}) {
  const answer = await as('POST', list, wanted(change))
  assert.equal(answer.status, 201, JSON.stringify(answer.body))
  return answer.body
}

const assertion = (change: Record<string, unknown> = {}) => ({
  issuer: gitHub,
  subject: 'repo:octo/app:ref:refs/heads/main',
  audiences: ['api://AzureADTokenExchange'],
  claim: () => undefined,
  ...change,
})

for (const kind of usualDatabaseKinds) {
  test(`a federated credential is created, found by id and by name, updated and deleted (${kind})`, async (t) => {
    const { asOwner, list, credentials, appId, objectId } = await open(t, kind)
    const made = await create(asOwner, list)
    const { '@acrux.hint': hint, ...shown } = made
    assert.match(String(hint), /repository_id/)
    assert.deepEqual(shown, { ...wanted(), id: made['id'] })
    assert.deepEqual((await asOwner('GET', list)).body['value'], [made])
    assert.deepEqual((await asOwner('GET', `${list}/${String(made['id'])}`)).body, made)
    assert.deepEqual((await asOwner('GET', `${list}/Main-Branch`)).body, made)

    const match = await credentials.matchFederatedCredential(assertion(), appId)
    assert.ok(match.outcome === 'matched')
    assert.equal(match.servicePrincipal.objectId, objectId)
    assert.equal(
      await credentials.credentialStands(objectId, { kind: 'federated-credential', id: match.credentialId }),
      true,
    )

    assert.equal((await asOwner('PATCH', `${list}/main-branch`, { description: 'others' })).status, 204)
    assert.equal(
      await credentials.credentialStands(objectId, { kind: 'federated-credential', id: match.credentialId }),
      true,
    )
    const change = { name: 'main-branch', subject: 'repo:octo/app:ref:refs/heads/other' }
    assert.equal((await asOwner('PATCH', `${list}/main-branch`, change)).status, 204)
    assert.equal(
      await credentials.credentialStands(objectId, { kind: 'federated-credential', id: match.credentialId }),
      false,
      'another subject is another proof',
    )
    assert.equal((await credentials.matchFederatedCredential(assertion(), appId)).outcome, 'subject')
    const other = await credentials.matchFederatedCredential(assertion({ subject: change.subject }), undefined)
    assert.ok(other.outcome === 'matched')

    assert.equal((await asOwner('DELETE', `${list}/main-branch`)).status, 204)
    assert.equal(
      await credentials.credentialStands(objectId, { kind: 'federated-credential', id: other.credentialId }),
      false,
    )
    assert.equal((await credentials.matchFederatedCredential(assertion(), undefined)).outcome, 'issuer')
    assert.equal((await asOwner('GET', `${list}/main-branch`)).status, 404)
    assert.equal((await asOwner('DELETE', `${list}/main-branch`)).status, 404)
  })

  test(`a token matches a federated credential by issuer, subject, audience and application (${kind})`, async (t) => {
    const { asOwner, list, credentials, appId } = await open(t, kind)
    await create(asOwner, list)
    await create(asOwner, list, {
      name: 'by-id',
      subject: undefined,
      claimsMatchingExpression: { value: "claims['repository_id'] eq '1001'", languageVersion: 1 },
    })
    const outcome = async (change: Record<string, unknown>, client: string | undefined = appId) =>
      (await credentials.matchFederatedCredential(assertion(change), client)).outcome
    assert.equal(await outcome({}), 'matched')
    assert.equal(await outcome({ issuer: `${gitHub}/` }), 'issuer')
    assert.equal(await outcome({ subject: 'repo:octo/app:ref:refs/heads/Main' }), 'subject')
    assert.equal(await outcome({ audiences: ['other'] }), 'audience')
    assert.equal(await outcome({ audiences: [] }), 'audience')
    assert.equal(await outcome({ audiences: ['other', 'api://AzureADTokenExchange'] }), 'audience')
    assert.equal(await outcome({ audiences: ['api://AzureADTokenExchange', 'other'] }), 'audience')
    assert.equal(
      await outcome({ subject: 'x', claim: (name: string) => (name === 'repository_id' ? '1001' : undefined) }),
      'matched',
    )
    assert.equal(await outcome({}, 'ffffffff-0000-4000-8000-000000000000'), 'issuer')
    const anybody = await credentials.matchFederatedCredential(assertion(), undefined)
    assert.equal(anybody.outcome, 'matched')

    const second = await asOwner('POST', '/applications', { displayName: 'second' })
    await asOwner('POST', '/servicePrincipals', { appId: second.body['appId'] })
    await create(asOwner, `/applications/${String(second.body['id'])}/federatedIdentityCredentials`)
    assert.equal((await credentials.matchFederatedCredential(assertion(), undefined)).outcome, 'several')
    assert.equal(await outcome({}), 'matched')
  })

  test(`no token authenticates a disabled or deleted application, and deletion removes its federated credentials (${kind})`, async (t) => {
    const { asOwner, list, credentials, appId, objectId, application } = await open(t, kind)
    await create(asOwner, list)
    const match = await credentials.matchFederatedCredential(assertion(), appId)
    assert.ok(match.outcome === 'matched')
    await asOwner('PATCH', `/servicePrincipals/${objectId}`, { accountEnabled: false })
    assert.equal((await credentials.matchFederatedCredential(assertion(), appId)).outcome, 'disabled')
    assert.equal(
      await credentials.credentialStands(objectId, { kind: 'federated-credential', id: match.credentialId }),
      false,
    )
    await asOwner('DELETE', `/applications/${String(application.body['id'])}`)
    assert.equal((await credentials.matchFederatedCredential(assertion(), undefined)).outcome, 'issuer')
    assert.equal((await asOwner('GET', list)).status, 404)
  })
}

// prettier-ignore
const rejected: readonly (readonly [why: string, change: Record<string, unknown>])[] = [
  ['fault 5: no audience',              { audiences: undefined }],
  ['fault 5: an empty list of them',    { audiences: [] }],
  ['fault 5: an empty audience',        { audiences: [''] }],
  ['two audiences',                     { audiences: ['a', 'b'] }],
  ['no issuer',                         { issuer: undefined }],
  ['an issuer in the clear',            { issuer: 'http://issuer.example' }],
  ['an issuer with a query',            { issuer: 'https://issuer.example/?a' }],
  ['an issuer with a fragment',         { issuer: 'https://issuer.example/#a' }],
  ['an issuer that is no URL',          { issuer: 'issuer.example' }],
  ['our own issuer',                    { issuer: `${testOrigin}/3d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11/v2.0` }],
  ['no subject',                        { subject: undefined }],
  ['an empty subject',                  { subject: '' }],
  ['too long a subject',                { subject: 'x'.repeat(601) }],
  ['a control character',               { subject: 'a\u0000b' }],
  ['a name with a slash',               { name: 'a/b/c' }],
  ['a short name',                      { name: 'ab' }],
  ['a long name',                       { name: 'x'.repeat(121) }],
  ['a name that begins with a dash',    { name: '-abc' }],
  ['something else',                    { trustAnybody: true }],
  ['a subject and claims',              { claimsMatchingExpression: { value: "claims['sub'] eq 'x'", languageVersion: 1 } }],
  ['claims that identify nobody',       { subject: null, claimsMatchingExpression: { value: "claims['ref'] eq 'x'", languageVersion: 1 } }],
  ['a pattern',                         { subject: null, claimsMatchingExpression: { value: "claims['sub'] matches 'x*'", languageVersion: 1 } }],
]

test('a federated credential that trusts too many tokens, or none, is rejected', async (t) => {
  const { asOwner, list } = await open(t)
  for (const [why, change] of rejected) {
    const { status } = await asOwner('POST', list, wanted(change))
    assert.equal(status, 400, why)
  }
  assert.deepEqual((await asOwner('GET', list)).body['value'], [])
  await create(asOwner, list, { name: `x${'y'.repeat(119)}` })
  // Given alone, these leave nothing that is wrong.
  const harmless = ['fault 5: no audience', 'no issuer', 'no subject', 'a subject and claims']
  for (const [why, change] of rejected.filter(([reason]) => !harmless.includes(reason))) {
    assert.equal((await asOwner('PATCH', `${list}/x${'y'.repeat(119)}`, change)).status, 400, why)
  }
})

test('only a directory owner lets an application trust the tokens of another, and the error does not name the other', async (t) => {
  const { as, asOwner, makeProgram, list, credentials, appId, application } = await open(t)
  await create(asOwner, list)
  const toy = await asOwner('POST', '/applications', { displayName: 'toy' })
  const toyId = String(toy.body['id'])
  const toyList = `/applications/${toyId}/federatedIdentityCredentials`
  await asOwner('POST', '/servicePrincipals', { appId: toy.body['appId'] })
  const maker = (await makeProgram('maker')).servicePrincipal.objectId
  assert.equal((await asOwner('POST', `/applications/${toyId}/owners/$ref`, reference(maker))).status, 204)
  const asMaker = as(maker)
  await create(asMaker, toyList, { name: 'of-its-own', subject: 'repo:octo/toy:ref:refs/heads/main' })
  await create(asMaker, toyList, { name: 'own-audience', audiences: ['api://toy'] })

  const claims = (value: string) => ({ subject: null, claimsMatchingExpression: { value, languageVersion: 1 } })
  const shared = [
    {},
    claims("claims['sub'] eq 'repo:octo/app:ref:refs/heads/main' and claims['ref'] eq 'refs/heads/main'"),
    claims("claims['repository_owner_id'] eq '1'"),
  ]
  for (const change of shared) {
    const made = await asMaker('POST', toyList, wanted({ name: 'shared', ...change }))
    assert.equal(made.status, 403, JSON.stringify(change))
    const { subject, claimsMatchingExpression = null }: Record<string, unknown> = wanted(change)
    const changed = await asMaker('PATCH', `${toyList}/of-its-own`, { subject, claimsMatchingExpression })
    assert.equal(changed.status, 403, JSON.stringify(change))
    for (const text of [JSON.stringify(made.body), JSON.stringify(changed.body)]) {
      assert.ok(!text.includes(appId) && !text.includes(String(application.body['id'])), text)
    }
  }
  const audience = { audiences: ['api://AzureADTokenExchange'] }
  assert.equal((await asMaker('PATCH', `${toyList}/own-audience`, audience)).status, 403)
  assert.equal((await credentials.matchFederatedCredential(assertion(), undefined)).outcome, 'matched')

  assert.equal((await asOwner('PATCH', `${toyList}/own-audience`, audience)).status, 204)
  assert.equal((await asMaker('PATCH', `${toyList}/own-audience`, { description: 'of both' })).status, 204)
  assert.equal((await credentials.matchFederatedCredential(assertion(), undefined)).outcome, 'several')
  assert.equal((await credentials.matchFederatedCredential(assertion(), appId)).outcome, 'matched')
})

test('names and trusts are unique within an application, which has at most 20 federated credentials', async (t) => {
  const { asOwner, list } = await open(t)
  await create(asOwner, list)
  assert.equal((await asOwner('POST', list, wanted({ name: 'other-name' }))).status, 409)
  assert.equal((await asOwner('POST', list, wanted({ name: 'MAIN-branch', subject: 'x' }))).status, 409)
  for (let count = 1; count < 20; count++)
    await create(asOwner, list, { name: `name-${count}`, subject: `subject-${count}` })
  const tooMany = await asOwner('POST', list, wanted({ name: 'name-20', subject: 'subject-20' }))
  assert.equal(tooMany.status, 400)
  assert.equal((await asOwner('PATCH', `${list}/name-1`, { subject: 'subject-2' })).status, 409)
  assert.equal((await asOwner('PATCH', `${list}/name-1`, { name: 'name-99' })).status, 400)
})

test('only an owner of an application sees and changes its federated credentials', async (t) => {
  const { asOwner, asStranger, list } = await open(t)
  const { id } = await create(asOwner, list)
  for (const [method, path, body] of [
    ['GET', list, undefined],
    ['GET', `${list}/${String(id)}`, undefined],
    ['POST', list, wanted({ name: 'mine', subject: 'mine' })],
    ['PATCH', `${list}/${String(id)}`, { subject: 'mine' }],
    ['DELETE', `${list}/${String(id)}`, undefined],
  ] as const) {
    assert.equal((await asStranger(method, path, body)).status, 403, `${method} ${path}`)
  }
  const other = await asOwner('POST', '/applications', { displayName: 'other' })
  const otherList = `/applications/${String(other.body['id'])}/federatedIdentityCredentials`
  assert.equal(
    (await asOwner('GET', `${otherList}/${String(id)}`)).status,
    404,
    'one application does not have what another has',
  )
  assert.equal((await asOwner('DELETE', `${otherList}/${String(id)}`)).status, 404)
})
