import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { basicChallenge, bearerChallenge } from './challenge.ts'

const realm = 'https://reg.example/oauth2/token'
const service = 'reg.example'

test('a Bearer challenge has the format that clients split', () => {
  assert.equal(bearerChallenge({ realm, service }), `Bearer realm="${realm}",service="${service}"`)
  assert.equal(
    bearerChallenge({ realm, service, scope: 'repository:a/b:pull,push', error: 'invalid_token' }),
    `Bearer realm="${realm}",service="${service}",scope="repository:a/b:pull,push",error="invalid_token"`,
  )
  assert.equal(
    bearerChallenge({ realm, service, error: 'insufficient_scope' }),
    `Bearer realm="${realm}",service="${service}",error="insufficient_scope"`,
  )
})

test('az finds realm and service by splitting at spaces, commas and equals signs', () => {
  const [scheme = '', parameters = ''] = bearerChallenge({ realm, service }).split(' ')
  const pairs = parameters.split(',').map((pair) => pair.replaceAll('"', '').split('='))
  assert.equal(scheme, 'Bearer')
  assert.deepEqual(pairs, [
    ['realm', realm],
    ['service', service],
  ])
})

test('the Basic challenge is that of ACR', () => {
  assert.equal(basicChallenge(), 'Basic realm="Azure Container Registry"')
})

test('no value can end its quotes or the header', () => {
  for (const value of ['a"b', 'a\\', 'a\r\nSet-Cookie: x', 'a\n', 'a\0', 'é', '\u2028']) {
    assert.throws(() => bearerChallenge({ realm, service, scope: value }), TypeError, JSON.stringify(value))
    assert.throws(() => bearerChallenge({ realm: value, service }), TypeError)
    assert.throws(() => bearerChallenge({ realm, service: value }), TypeError)
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (scope) => {
      try {
        assert.match(bearerChallenge({ realm, service, scope }), /^Bearer (?:[a-z]+="[\x20-\x7e]*",?)+$/)
        assert.equal(bearerChallenge({ realm, service, scope }).split('"').length, 7)
      } catch (error) {
        assert.ok(error instanceof TypeError)
      }
    }),
  )
})
