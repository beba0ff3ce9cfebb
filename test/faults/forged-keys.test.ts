import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { basic, get, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { tokensOf } from '../rights/tokens.ts'
import { assertDenied, endpointsOf } from './endpoints.ts'
import {
  algorithmOf,
  attackerKeys,
  forgedFrom,
  hmacSigned,
  partsOf,
  selfSignedCertificate,
  tampered,
  unsigned,
  type KeyPair,
} from './forged-token.ts'
import { openWire } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { servicePrincipal, tenantId } = server.firstRun
const scope = 'repository:team/app:pull'
const path = '/v2/team/app/manifests/1'
await pushImage(server, 'team/app', '1', basic(servicePrincipal.appId, servicePrincipal.password))
const endpoints = endpointsOf(server, wire, { path, scope })
const genuine = Object.entries(await tokensOf(server, servicePrincipal, [scope]))

/** A server of the attacker's with a key set that holds the forged key under the genuine `kid`. */
const fetched: string[] = []
let keySet = '{"keys":[]}'
const attacker = createServer((request, response) => {
  fetched.push(request.url ?? '')
  response.setHeader('content-type', 'application/json').end(keySet)
})
attacker.listen(0, '127.0.0.1')
await once(attacker, 'listening')
after(() => attacker.close())
const attackerUrl = `http://127.0.0.1:${(attacker.address() as AddressInfo).port}`

/** Holds that the token opens no endpoint at all. */
async function assertWorthless(token: string, what: string): Promise<void> {
  for (const endpoint of Object.values(endpoints)) assertDenied(endpoint, await endpoint.present(token), what)
}

function keyHeaders(keys: KeyPair, kid: unknown, alg: string): Record<string, Record<string, unknown>> {
  const jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }
  keySet = JSON.stringify({ keys: [jwk] })
  const x5c = [selfSignedCertificate(keys)]
  return {
    'nothing but the genuine kid': {},
    jwk: { jwk },
    jku: { jku: `${attackerUrl}/jku` },
    x5u: { x5u: `${attackerUrl}/x5u` },
    x5c: { x5c },
    'all four': { jwk, jku: `${attackerUrl}/jku`, x5u: `${attackerUrl}/x5u`, x5c },
    'jwk and another kid': { jwk: { ...jwk, kid: 'mine' }, kid: 'mine' },
    'jwk and no kid': { jwk, kid: undefined },
    'a kid that is a URL': { kid: `${attackerUrl}/kid` },
    'a kid that is a path': { kid: '../../../../../../dev/null' },
    'a kid that is SQL': { kid: "' OR '1'='1" },
    'a kid that is of the prototype': { kid: '__proto__' },
    'a kid that is a number': { kid: 1 },
    'a kid that is an object': { kid: { toString: 'x' } },
    'a kid that is a list': { kid: [kid] },
    'a very long kid': { kid: 'k'.repeat(2000) },
  }
}

test('fault 1: the endpoints accept genuine tokens, so that denying a forged one is meaningful', async () => {
  const { identity, refresh, access } = Object.fromEntries(genuine)
  assert.equal((await get(server, path, `Bearer ${access ?? ''}`)).status, 200)
  assert.equal((await endpoints['refresh grant']?.present(refresh ?? ''))?.status, 200)
  assert.equal((await endpoints['exchange']?.present(identity ?? ''))?.status, 200)
})

for (const [kind, token] of genuine) {
  test(`fault 1: a forged ${kind} token that names its own key is denied everywhere, and the key is not fetched`, async () => {
    const alg = algorithmOf(token)
    const keys = attackerKeys(alg)
    for (const [what, header] of Object.entries(keyHeaders(keys, partsOf(token).header['kid'], alg))) {
      await assertWorthless(forgedFrom(token, keys, header), `${kind} with ${what}`)
    }
    assert.deepEqual(fetched, [], 'the server asked the attacker for keys')
  })

  test(`fault 1: a genuine ${kind} token with another header or other claims is denied everywhere`, async () => {
    const { header } = partsOf(token)
    const cases: Record<string, string> = {
      'another type': tampered(token, { typ: header['typ'] === 'JWT' ? 'at+jwt' : 'JWT' }),
      'another algorithm of the kind': tampered(token, { alg: header['alg'] === 'ES256' ? 'ES384' : 'RS384' }),
      'no type': tampered(token, { typ: undefined }),
      'a jwk': tampered(token, { jwk: attackerKeys('ES256').publicKey.export({ format: 'jwk' }) }),
      'a later end': tampered(token, {}, { exp: 4_000_000_000 }),
      'an earlier end': tampered(token, {}, { exp: 1 }),
      'more access': tampered(token, {}, { access: [{ type: 'repository', name: 'team/app', actions: ['*'] }] }),
      'an empty signature': token.slice(0, token.lastIndexOf('.') + 1),
      'no signature': token.slice(0, token.lastIndexOf('.')),
      'a cut signature': token.slice(0, -4),
      'a signature of zeros': `${token.slice(0, token.lastIndexOf('.') + 1)}${Buffer.alloc(64).toString('base64url')}`,
    }
    for (const [what, forged] of Object.entries(cases)) await assertWorthless(forged, `${kind} with ${what}`)
  })

  test(`fault 1: the ${kind} token signed with the public key as a shared secret, or unsigned, is denied everywhere`, async () => {
    const { header, claims } = partsOf(token)
    const published = [
      await get(server, '/oauth2/keys'),
      await get(server, `/${tenantId}/discovery/v2.0/keys`),
    ].flatMap((response) => (response.json() as { keys: Record<string, unknown>[] }).keys)
    assert.ok(published.length >= 2)
    const secrets = published.flatMap((jwk) => {
      const values = ['x', 'y', 'n'].map((name) => jwk[name]).filter((value) => typeof value === 'string')
      return [JSON.stringify(jwk), ...values, ...values.map((value) => Buffer.from(value, 'base64url'))]
    })
    for (const secret of ['', ...secrets]) {
      await assertWorthless(hmacSigned(secret, { ...header, alg: 'HS256' }, claims), `${kind} by HS256`)
    }
    for (const alg of ['none', 'None', 'NONE', '']) {
      await assertWorthless(unsigned({ ...header, alg }, claims), `${kind} with alg ${alg}`)
    }
  })
}
