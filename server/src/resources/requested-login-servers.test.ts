import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLoginServer } from '@acrux/shared/standards/azure/login-server.ts'
import { withRequestedHost } from '../platform/http/requested-origin.ts'
import { requestedLoginServers } from './requested-login-servers.ts'

const view = requestedLoginServers('localhost:5443', '.azurecr.localhost:5443')

function host(text: string) {
  const parsed = parseLoginServer(text)
  assert.ok(parsed !== undefined)
  return parsed
}

// prettier-ignore
const cases: readonly (readonly [requested: string, first: string, other: string, why: string])[] = [
  ['localhost:32768',                  'localhost:32768',      'contoso.azurecr.localhost:32768', 'another port'],
  ['registry:5443',                    'registry:5443',        'contoso.azurecr.localhost:5443',  'a name in a network of containers'],
  ['192.0.2.1:32768',                  '192.0.2.1:32768',      'contoso.azurecr.localhost:32768', 'an address'],
  ['contoso.azurecr.localhost:32768',  'localhost:32768',      'contoso.azurecr.localhost:32768', 'the host of another registry'],
  ['registry.example.com',             'registry.example.com', 'contoso.azurecr.localhost',       'the default port'],
]

test('the login servers that a client gets depend on the host of its request', () => {
  for (const [requested, first, other, why] of cases) {
    withRequestedHost(requested, () => {
      assert.equal(view.shown(host('localhost:5443')), first, why)
      assert.equal(view.shown(host('contoso.azurecr.localhost:5443')), other, why)
      assert.equal(view.stored(host(first)), 'localhost:5443', why)
      assert.equal(view.stored(host(other)), 'contoso.azurecr.localhost:5443', why)
      assert.equal(view.stored(host('source.example.com')), 'source.example.com', why)
    })
  }
})

test('outside of a request, the functions return the stored login servers', () => {
  assert.equal(view.shown(host('contoso.azurecr.localhost:5443')), 'contoso.azurecr.localhost:5443')
  assert.equal(view.stored(host('localhost:5443')), 'localhost:5443')
})
