import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseApiTarget } from './api-target.ts'

const everything = 'pull,push,delete,metadata_read,metadata_write,deleted_read,deleted_restore'

const armRoots = new Set(['subscriptions', 'providers', 'tenants', 'openapi.json', 'batch'])

test('a request is passed to the surface that its path names', () => {
  assert.deepEqual(parseApiTarget('/portal/api/arm/subscriptions?api-version=1', armRoots), {
    surface: 'arm',
    url: '/subscriptions?api-version=1',
  })
  assert.deepEqual(parseApiTarget('/portal/api/graph/users/x', armRoots), {
    surface: 'graph',
    url: '/graph/v1.0/users/x',
  })
  const repository = { loginServer: 'localhost:5443', scope: `repository:team/app:${everything}` }
  for (const path of ['/v2/team/app/tags/list', '/acr/v1/team/app/_manifests?n=10']) {
    const target = { surface: 'registry', url: path, access: repository }
    assert.deepEqual(parseApiTarget(`/portal/api/registry/localhost:5443${path}`, armRoots), target)
    assert.deepEqual(parseApiTarget(`/portal/api/registry/localhost%3A5443${path}`, armRoots), target)
  }
  assert.deepEqual(parseApiTarget('/portal/api/registry/contoso.example/acr/v1/_catalog', armRoots), {
    surface: 'registry',
    url: '/acr/v1/_catalog',
    access: { loginServer: 'contoso.example', scope: 'registry:catalog:*' },
  })
  assert.deepEqual(parseApiTarget('/portal/api/registry/contoso.example/acr/v1/_repositories?n=1', armRoots), {
    surface: 'registry',
    url: '/acr/v1/_repositories?n=1',
    access: { loginServer: 'contoso.example', scope: 'registry:repositories:*' },
  })
  const bulk = '/acr/v1/_bulk?repository=team%2Fapp&repository=team%2Fweb'
  assert.deepEqual(parseApiTarget(`/portal/api/registry/contoso.example${bulk}`, armRoots), {
    surface: 'registry',
    url: bulk,
    access: {
      loginServer: 'contoso.example',
      scope: `repository:team/app:${everything} repository:team/web:${everything}`,
    },
  })
})

// prettier-ignore
const denied: readonly (readonly [url: string, why: string])[] = [
  ['/portal/api', 'no surface'],
  ['/portal/api/', 'no surface'],
  ['/portal/api/arm', 'no path'],
  ['/portal/api/arm/oauth2/exchange', 'tokens stay on the server'],
  ['/portal/api/arm/organizations/oauth2/v2.0/token', 'the same'],
  ['/portal/api/arm/account/security', 'pages are no data'],
  ['/portal/api/arm/sign-out', 'the same'],
  ['/portal/api/arm/portal/api/session', 'no request to itself'],
  ['/portal/api/arm/Subscriptions', 'one spelling'],
  ['/portal/api/arm/subscriptions/../oauth2/token', 'another folder'],
  ['/portal/api/arm/subscriptions/%2e%2E/x', 'the same, encoded'],
  ['/portal/api/arm/./subscriptions', 'the same'],
  ['/portal/api/arm//subscriptions', 'empty segments'],
  ['/portal/api/arm/%73ubscriptions', 'an encoded name of a surface'],
  ['/portal/api/arm/subscriptions\\x', 'a backslash'],
  ['/portal/api/arm/subscriptions/a b', 'a space'],
  ['/portal/api/graph', 'no path'],
  ['/portal/api/graph/../../oauth2/token', 'another folder'],
  ['/portal/api/oauth2/exchange', 'a surface that the portal does not use'],
  ['/portal/api/registry/localhost/oauth2/token', 'tokens stay on the server'],
  ['/portal/api/registry/localhost/acr/v1/_bulk', 'no repository'],
  ['/portal/api/registry/localhost/acr/v1/_bulk?repository=UPPER', 'no repository has this name'],
  ['/portal/api/registry/localhost/v2/', 'nothing to see'],
  ['/portal/api/registry/localhost/v2/team/app/blobs/uploads/', 'the portal pushes no blobs'],
  ['/portal/api/registry/local host/v2/team/app/tags/list', 'no host'],
  ['/portal/api/registry/-/v2/team/app/tags/list', 'no host'],
  ['/portal/api/registry/localhost/v2/TEAM/tags/list', 'no name of a repository'],
  ['/portal/api/registry/localhost/v2/a:b,c/tags/list', 'no name of a repository'],
  ['/portal/api/registry/localhost/subscriptions', 'another surface'],
  ['/PORTAL/API/arm/subscriptions', 'one spelling'],
]

test('every other path is denied', () => {
  for (const [url, why] of denied) assert.equal(parseApiTarget(url, armRoots), undefined, `${url}: ${why}`)
})
