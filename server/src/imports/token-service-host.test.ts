import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayHaveCredentials } from './token-service-host.ts'

const pinned = new Map([
  ['registry.corp.example', 'gitlab.corp.example'],
  ['images.corp.example:5000', 'login.corp.example:8443'],
])

// prettier-ignore
const cases: readonly (readonly [registry: string, realm: string, may: boolean, why: string])[] = [
  ['registry-1.docker.io',       'https://auth.docker.io/token',                  true,  'Docker Hub'],
  ['ghcr.io',                    'https://ghcr.io/token',                         true,  'GitHub: its own host'],
  ['quay.io',                    'https://quay.io/v2/auth',                       true,  'Quay: its own host'],
  ['contoso.azurecr.io',         'https://contoso.azurecr.io/oauth2/token',       true,  'ACR: its own host'],
  ['registry.gitlab.com',        'https://gitlab.com/jwt/auth',                   true,  'GitLab: the domain it lies in'],
  ['registry.git.corp.example',  'https://git.corp.example/jwt/auth',             true,  'GitLab of one\'s own'],
  ['reg.example:5000',           'https://reg.example:5001/token',                true,  'whoever has the name has its ports'],
  ['registry.corp.example',      'https://gitlab.corp.example/jwt/auth',          true,  'pinned'],
  ['images.corp.example:5000',   'https://login.corp.example:8443/token',         true,  'pinned, with ports'],
  ['images.corp.example:5000',   'https://login.corp.example/token',              false, 'pinned to another port'],
  ['images.corp.example',        'https://login.corp.example:8443/token',         false, 'pinned for another port'],
  ['registry.corp.example:5000', 'https://gitlab.corp.example/jwt/auth',          false, 'pinned for another port'],
  ['registry-1.docker.io',       'https://auth.docker.io.evil.example/token',     false, 'only begins like it'],
  ['registry-1.docker.io',       'https://evil-docker.io/token',                  false, 'only ends like it'],
  ['registry-1.docker.io',       'https://auth.docker.io:8443/token',             false, 'another port of it'],
  ['registry-1.docker.io',       'http://auth.docker.io/token',                   false, 'readable on the way'],
  ['ghcr.io',                    'http://ghcr.io/token',                          false, 'readable on the way'],
  ['ghcr.io',                    'https://auth.docker.io/token',                  false, 'known for another registry'],
  ['tenant.hosting.example',     'https://other.hosting.example/token',           false, 'a neighbour, who may be a stranger'],
  ['tenant.hosting.example',     'https://token.tenant.hosting.example/token',    false, 'below it: not always its own'],
  ['images.example',             'https://example/token',                         false, 'one label is no owner'],
  ['10.0.0.1',                   'https://0.0.0.1/token',                         false, 'addresses lie in no domain'],
  ['ghcr.io',                    'https://ghcr.io@evil.example/token',            false, 'a user name that looks like it'],
  ['ghcr.io',                    'file://ghcr.io/etc/passwd',                     false, 'no HTTPS'],
]

test('fault 40: credentials for a registry go to its own token service, and to no other host of its choice', () => {
  for (const [registry, realm, may, why] of cases) {
    assert.equal(mayHaveCredentials(new URL(`https://${registry}`), new URL(realm), pinned), may, `${registry}: ${why}`)
  }
})
