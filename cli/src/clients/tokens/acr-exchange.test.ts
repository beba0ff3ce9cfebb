import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseChallenge } from './acr-exchange.ts'

test('a challenge names the token endpoint and the service', () => {
  const challenge = parseChallenge(
    'Bearer realm="https://contoso.example.com:8443/oauth2/token",service="contoso.example.com"',
  )
  assert.equal(challenge?.realm.host, 'contoso.example.com:8443')
  assert.equal(challenge?.service, 'contoso.example.com')
  assert.equal(parseChallenge('bearer service="s",realm="https://a.example.com/token"')?.service, 's', 'in any order')
})

test('a challenge is rejected if it has no service or a token endpoint without HTTPS', () => {
  // prettier-ignore
  const others = [
    '', 'Basic realm="https://a.example.com/token",service="s"', 'Bearer', 'Bearer realm="https://a.example.com/token"',
    'Bearer realm="http://a.example.com/token",service="s"', 'Bearer realm="a.example.com",service="s"', 'Bearer service="s"',
  ]
  for (const header of others) assert.equal(parseChallenge(header), undefined, header)
})
