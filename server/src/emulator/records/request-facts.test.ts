import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nullGuid } from '@acrux/shared/standards/azure/guid.ts'
import { type IncomingRequest, readRequestFacts } from './request-facts.ts'

function factsOf(request: Partial<IncomingRequest>) {
  return readRequestFacts({ method: 'GET', url: '/', authorization: undefined, form: undefined, ...request })
}

// prettier-ignore
const surfaces: readonly (readonly [string, string | undefined])[] = [
  ['/v2/',                                                'registry'],
  ['/v2/team/app/manifests/1',                            'registry'],
  ['/acr/v1/_catalog',                                    'registry'],
  ['/oauth2/token?service=x',                             'token'],
  ['/oauth2/exchange',                                    'exchange'],
  ['/subscriptions/x/resourceGroups/y?api-version=z',     'arm'],
  ['/providers/Microsoft.ContainerRegistry/operations',   'arm'],
  ['/metadata/endpoints?api-version=z',                   'arm'],
  ['/batch?api-version=z',                                'arm'],
  ['/graph/v1.0/users',                                   'graph'],
  ['/organizations/oauth2/v2.0/token',                    'login'],
  ['/organizations/v2.0/.well-known/openid-configuration', 'login'],
  ['/common/discovery/instance',                          'login'],
  ['/sign-in/password',                                   'login'],
  ['/account',                                            'login'],
  ['/portal/oauth2/token',                                undefined],
  ['/portal/r/contoso',                                 undefined],
  ['/healthz',                                            undefined],
]

for (const [url, surface] of surfaces) {
  test(`${url} belongs to ${surface ?? 'no surface that a fault can name'}`, () => {
    const facts = factsOf({ url })
    assert.equal(facts.surface, surface)
    assert.ok(!facts.path.includes('?'))
  })
}

test('the repositories of a request are in its path, or in the access that it requests', () => {
  assert.deepEqual(factsOf({ url: '/v2/team/app/blobs/uploads/' }).repositories, ['team/app'])
  assert.deepEqual(factsOf({ url: '/acr/v1/team/app/_tags/1' }).repositories, ['team/app'])
  assert.deepEqual(factsOf({ url: '/v2/_catalog' }).repositories, [])
  const query = '/oauth2/token?scope=repository:a:pull&scope=repository:b/c:pull,push'
  assert.deepEqual(factsOf({ url: query }).repositories, ['a', 'b/c'])
  const form = 'grant_type=refresh_token&scope=repository%3Ad%3Apull'
  assert.deepEqual(factsOf({ method: 'POST', url: '/oauth2/token', form }).repositories, ['d'])
})

const objectId = '11111111-1111-4111-8111-111111111111'
const appId = '22222222-2222-4222-8222-222222222222'

function tokenWith(claims: object): string {
  return ['{}', JSON.stringify(claims), 'signature'].map((part) => Buffer.from(part).toString('base64url')).join('.')
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

const armToken = tokenWith({ oid: objectId, appid: appId, upn: 'ada@contoso.test' })
const acrToken = tokenWith({ sub: 'x', acrux: { credential: { k: 'user', o: objectId, a: appId } } })

// prettier-ignore
const principals: readonly (readonly [string, Partial<IncomingRequest>, string | null])[] = [
  ['no credential',                    {},                                                              null],
  ['an unreadable header',             { authorization: 'Bearer' },                                     null],
  ['a bearer token of the provider',   { authorization: `Bearer ${armToken}` },                         objectId],
  ['an access token of a registry',    { authorization: `Bearer ${acrToken}` },                         objectId],
  ['a token of the admin account',     { authorization: `Bearer ${tokenWith({ sub: 'r', acrux: { credential: { k: 'admin' } } })}` }, 'admin'],
  ['a token of a scoped token',        { authorization: `Bearer ${tokenWith({ sub: 'device', acrux: { credential: { k: 'token' } } })}` }, 'token:device'],
  ['an anonymous token',               { authorization: `Bearer ${tokenWith({ sub: '', acrux: { credential: { k: 'anonymous' } } })}` }, 'anonymous'],
  ['a bearer token that is no JWT',    { authorization: 'Bearer abc.%%%.d' },                           null],
  ['a user name and password',         { authorization: basic('device', 'secret') },                    'device'],
  ['the null GUID',                    { authorization: basic(nullGuid, acrToken) },                    objectId],
  ['a form with an access token',      { form: `grant_type=access_token&access_token=${armToken}` },    objectId],
  ['a form with a refresh token',      { form: `grant_type=refresh_token&refresh_token=${acrToken}` },  objectId],
  ['a form with a user name',          { form: 'username=ada&password=p&client_id=x' },                 'ada'],
  ['a form with a client secret',      { form: `client_id=${appId}&client_secret=s` },                  appId],
]

for (const [title, request, expected] of principals) {
  test(`the principal of ${title} is ${expected ?? 'unknown'}`, () => {
    assert.equal(factsOf(request).principal.name, expected)
  })
}

test('a fault can name a principal by each of its names, and no name is a secret', () => {
  assert.deepEqual(factsOf({ authorization: `Bearer ${armToken}` }).principal.names, [
    objectId,
    appId,
    'ada@contoso.test',
  ])
  assert.deepEqual(factsOf({ form: 'refresh_token=opaque-secret&client_id=x' }).principal.names, ['x'])
})
