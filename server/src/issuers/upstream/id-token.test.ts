import assert from 'node:assert/strict'
import { X509Certificate, createHash } from 'node:crypto'
import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import { SignJWT, UnsecuredJWT, decodeProtectedHeader, generateKeyPair, jwtVerify } from 'jose'
import { issueServerCertificate } from '../../platform/tls/issue.ts'
import {
  type Overrides,
  type TestProvider,
  startTestProvider,
} from '../../../testing/issuers/test-upstream-provider.ts'
import { openTestUpstreams } from '../../../testing/issuers/test-upstreams.ts'

describe('an ID token', () => {
  const strange = generateKeyPair('RS256')
  const cases: readonly { why: string; overrides: (provider: TestProvider) => Overrides }[] = [
    { why: 'without a signature', overrides: () => ({ idToken: (claims) => new UnsecuredJWT(claims).encode() }) },
    {
      why: 'without a signature, though the provider lists the algorithm none',
      overrides: () => ({
        configuration: { id_token_signing_alg_values_supported: ['none', 'RS256'] },
        idToken: (claims) => new UnsecuredJWT(claims).encode(),
      }),
    },
    {
      why: 'signed with the client secret',
      overrides: () => ({
        configuration: { id_token_signing_alg_values_supported: ['HS256', 'RS256'] },
        idToken: (claims) =>
          new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from('the-secret-of-acrux')),
      }),
    },
    {
      why: 'signed with the public key as a secret',
      overrides: ({ jwk }) => ({
        configuration: { id_token_signing_alg_values_supported: ['HS256', 'RS256'] },
        idToken: (claims) =>
          new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'first' }).sign(Buffer.from(JSON.stringify(jwk))),
      }),
    },
    {
      why: 'signed by another key',
      overrides: () => ({
        idToken: async (claims) =>
          new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'first' }).sign((await strange).privateKey),
      }),
    },
    { why: 'for another audience', overrides: () => ({ claims: { aud: 'another' } }) },
    {
      why: 'for several audiences, issued to another client',
      overrides: () => ({ claims: { aud: ['acrux', 'b'], azp: 'b' } }),
    },
    { why: 'of another issuer', overrides: () => ({ claims: { iss: 'https://evil.example' } }) },
    { why: 'with another nonce', overrides: () => ({ claims: { nonce: 'x' } }) },
    { why: 'without a nonce', overrides: () => ({ claims: { nonce: undefined } }) },
    { why: 'without a subject', overrides: () => ({ claims: { sub: undefined } }) },
    { why: 'with a subject that is a number', overrides: () => ({ claims: { sub: 5 } }) },
    { why: 'with a subject that has spaces', overrides: () => ({ claims: { sub: 'a b' } }) },
    { why: 'that has expired', overrides: () => ({ claims: { exp: Math.floor(Date.now() / 1000) - 60 } }) },
    { why: 'without an expiry', overrides: () => ({ claims: { exp: undefined } }) },
    { why: 'that is not a JWT', overrides: () => ({ idToken: () => 'a.b.c' }) },
    { why: 'of ten megabytes of dots', overrides: () => ({ idToken: () => '.'.repeat(10_000_000) }) },
    {
      why: 'that is missing',
      overrides: () => ({ token: { status: 200, body: { access_token: 'a', token_type: 'b' } } }),
    },
  ]
  for (const { why, overrides } of cases) {
    test(`${why} is not accepted`, async (t) => {
      const { provider, signIn, lines } = await openTestUpstreams(t)
      provider.override(overrides(provider))
      const result = await signIn()
      assert.ok(result === 'bad-answer' || result === 'unreachable', JSON.stringify(result))
      assert.doesNotMatch(lines.join(''), /the-secret-of-acrux|eyJ|"level":50/)
    })
  }
})

describe('the file of the client secret', () => {
  test('is denied if others may read it, and read again at each use', async (t) => {
    const { provider, signIn, lines } = await openTestUpstreams(t)
    await chmod(provider.secretFile, 0o644)
    assert.equal(await signIn(), 'misconfigured')
    assert.match(lines.join(''), /can be accessed by other users/)
    assert.doesNotMatch(lines.join(''), /the-secret-of-acrux/)
    await chmod(provider.secretFile, 0o600)
    await writeFile(provider.secretFile, 'another-secret')
    assert.equal(typeof (await signIn()), 'object')
    const last = provider.seen.findLast(({ path: requestedPath }) => requestedPath === '/token')
    assert.equal(Buffer.from(last?.authorization?.slice(6) ?? '', 'base64').toString(), 'acrux:another%2Dsecret')
  })
})

describe('a certificate instead of a secret', () => {
  test('authenticates Acrux with an assertion that has both thumbprints', async (t) => {
    const provider = await startTestProvider()
    t.after(() => provider.close())
    const { cert, key } = await issueServerCertificate(
      provider.authority,
      { dnsNames: ['acrux'], addresses: [] },
      Date.now(),
    )
    const directory = path.dirname(provider.secretFile)
    await writeFile(path.join(directory, 'cert.pem'), cert)
    await writeFile(path.join(directory, 'key.pem'), key, { mode: 0o600 })
    const files = { clientCertFile: path.join(directory, 'cert.pem'), clientKeyFile: path.join(directory, 'key.pem') }
    const { signIn, provider: used } = await openTestUpstreams(t, { extra: { clientSecretFile: undefined, ...files } })
    assert.equal(typeof (await signIn()), 'object')
    const sent = used.seen.find(({ path: requestedPath }) => requestedPath === '/token')
    const assertion = new URLSearchParams(sent?.body).get('client_assertion') ?? ''
    const thumbprint = createHash('sha1').update(new X509Certificate(cert).raw).digest('base64url')
    assert.equal(decodeProtectedHeader(assertion)['x5t'], thumbprint)
    const { payload } = await jwtVerify(assertion, new X509Certificate(cert).publicKey, {
      subject: 'acrux',
      audience: used.issuer,
    })
    assert.ok((payload.exp ?? 0) - (payload.iat ?? 0) <= 600)
    assert.equal(sent?.authorization, undefined)
  })
})
