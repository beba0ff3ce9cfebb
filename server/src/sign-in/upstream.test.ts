import assert from 'node:assert/strict'
import { X509Certificate, createHash } from 'node:crypto'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { type JWTPayload, SignJWT, UnsecuredJWT, decodeProtectedHeader, generateKeyPair, jwtVerify } from 'jose'
import { loadConfiguration } from '../platform/configuration/configuration.ts'
import { createLog } from '../platform/log.ts'
import { openSealer } from '../platform/sealing.ts'
import type { DatabaseKind } from '../platform/sql/database.ts'
import { openTestDatabase, testDatabaseKinds } from '../platform/sql/test-database.ts'
import { issueServerCertificate } from '../platform/tls/issue.ts'
import { type Lies, startTestProvider } from './test-upstream-provider.ts'
import { openUpstreams } from './upstream.ts'
import { createUpstreamFetch } from './upstream-fetch.ts'
import { upstreamMigration } from './upstream-store.ts'

const origin = 'https://registry.example.com'
const alice = { sub: 'alice-1', name: 'Alice', email: 'alice@contoso.example', groups: ['developers'] }

type Provider = Awaited<ReturnType<typeof startTestProvider>>
type Extra = Readonly<Record<string, unknown>>

async function open(
  t: TestContext,
  { kind = 'sqlite', extra = {} }: { readonly kind?: DatabaseKind; readonly extra?: Extra } = {},
) {
  const provider = await startTestProvider()
  const other = await startTestProvider()
  const { database, dispose } = await openTestDatabase(kind, [upstreamMigration])
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-upstream-'))
  const time = { nowMs: Date.now() }
  const lines: string[] = []
  const of = (name: string, { issuer, secretFile, caFile }: Provider) => ({
    name,
    displayName: name,
    issuer,
    clientId: 'acrux',
    clientSecretFile: secretFile,
    caFile,
    privateNetwork: true,
    ...extra,
  })
  const settings = JSON.stringify([of('contoso', provider), of('fabrikam', other)])
  const { identityProviders } = await loadConfiguration({ flags: { identityProviders: settings } })
  const upstreams = await openUpstreams({
    providers: identityProviders,
    database,
    clock: { now: () => time.nowMs },
    log: createLog('debug', { write: (line) => void lines.push(line) }),
    sealer: await openSealer(path.join(directory, 'key')),
    publicOrigin: origin,
  })
  t.after(async () => {
    await Promise.all([provider.close(), other.close(), dispose()])
    await rm(directory, { recursive: true })
  })

  async function begin(name = 'contoso', browser = 'browser-1', more = {}): Promise<string> {
    const begun = await upstreams.begin(name, { ...beginning, browser, ...more })
    assert.ok('location' in begun, JSON.stringify(begun))
    return begun.location
  }
  async function finish(query: URLSearchParams, name = 'contoso', browser = 'browser-1') {
    const result = await upstreams.finish(name, { browser, query: query.toString(), correlationId: 'id' })
    return 'refusal' in result ? result.refusal.failure : result
  }
  const signIn = async (claims: JWTPayload = alice) => finish(provider.signIn(await begin(), claims))
  return { provider, other, upstreams, database, time, lines, begin, finish, signIn }
}

/** Acrux with a provider that is called as Entra is. */
async function openEntra(t: TestContext, extra: Extra) {
  const tenantPath = String(extra['issuer']).replace(/^https:\/\/[^/]+/, '')
  const provider = await startTestProvider(tenantPath)
  const { database, dispose } = await openTestDatabase('sqlite', [upstreamMigration])
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-upstream-'))
  t.after(async () => {
    await Promise.all([provider.close(), dispose()])
    await rm(directory, { recursive: true })
  })
  const settings = {
    name: 'entra',
    displayName: 'Entra',
    kind: 'entra',
    clientId: 'acrux',
    clientSecretFile: provider.secretFile,
    ...extra,
  }
  const { identityProviders } = await loadConfiguration({ flags: { identityProviders: JSON.stringify([settings]) } })
  const host = `localhost:${provider.port}`
  const way = createUpstreamFetch({ issuer: `https://${host}`, privateNetwork: true, ca: provider.authority.cert })
  const upstreams = await openUpstreams({
    providers: identityProviders,
    database,
    clock: { now: () => Date.now() },
    log: createLog('silent'),
    sealer: await openSealer(path.join(directory, 'key')),
    publicOrigin: origin,
    // The name of the world is the test's own server.
    fetchFor: () => (url, options) => way(url.replace('login.microsoftonline.com', host), options),
  })
  provider.call(String(extra['issuer']))
  return {
    provider,
    signIn: async (claims: JWTPayload) => {
      const begun = await upstreams.begin('entra', { ...beginning, domainHint: 'contoso.example' })
      assert.ok('location' in begun, JSON.stringify(begun))
      assert.equal(new URL(begun.location).searchParams.get('domain_hint'), 'contoso.example')
      const query = provider.signIn(begun.location, claims)
      query.delete('iss')
      const result = await upstreams.finish('entra', {
        browser: 'browser-1',
        query: query.toString(),
        correlationId: 'id',
      })
      return 'refusal' in result ? result.refusal.failure : result
    },
  }
}

const beginning = {
  browser: 'browser-1',
  flow: 'the-flow',
  remoteAddress: '203.0.113.1',
  loginHint: undefined,
  domainHint: undefined,
  isFresh: false,
  isToChoose: false,
  wantsAnother: false,
}

describe('a sign-in at an organisation’s provider', () => {
  for (const kind of testDatabaseKinds) {
    test(`gives issuer, subject, names and groups, by code, PKCE, state and nonce [${kind}]`, async (t) => {
      const { provider, begin, finish } = await open(t, { kind })
      const location = await begin('contoso', 'browser-1', { loginHint: 'alice', isFresh: true })
      const { origin: at, pathname, searchParams } = new URL(location)
      assert.equal(`${at}${pathname}`, `${provider.issuer}/authorize`)
      assert.deepEqual(
        Object.fromEntries([...searchParams].filter(([name]) => !/^(state|nonce|code_challenge)$/.test(name))),
        {
          client_id: 'acrux',
          scope: 'openid profile email',
          redirect_uri: `${origin}/sign-in/contoso/callback`,
          response_type: 'code',
          code_challenge_method: 'S256',
          login_hint: 'alice',
          prompt: 'login',
        },
      )
      const result = await finish(provider.signIn(location, alice))
      assert.ok(typeof result === 'object')
      assert.equal(result.flow, 'the-flow')
      assert.deepEqual(result.person, {
        issuer: provider.issuer,
        subject: 'alice-1',
        provider: 'contoso',
        displayName: 'Alice',
        userName: undefined,
        mail: 'alice@contoso.example',
        groups: ['developers'],
        methods: ['fed'],
        authenticatedAtMs: undefined,
      })
      const sent = provider.seen.find(({ path: asked }) => asked === '/token')
      assert.ok(sent?.authorization?.startsWith('Basic '), 'the default where the provider names no method')
    })
  }

  test('has the person choose an account where the provider knows how, and otherwise prove themselves anew', async (t) => {
    const { provider, begin, time } = await open(t)
    const promptOf = async (more: object) =>
      new URL(await begin('contoso', 'browser-1', more)).searchParams.get('prompt')
    assert.deepEqual(
      [await promptOf({}), await promptOf({ isToChoose: true }), await promptOf({ wantsAnother: true })],
      [null, null, 'login'],
    )
    provider.lie({ configuration: { prompt_values_supported: ['login', 'select_account'] } })
    time.nowMs += 60 * 60 * 1000
    assert.deepEqual(
      [await promptOf({}), await promptOf({ isToChoose: true }), await promptOf({ wantsAnother: true })],
      [null, 'select_account', 'select_account'],
    )
  })

  test('is finished once, by the browser that began it, at the provider where it was begun, within ten minutes', async (t) => {
    const { provider, other, begin, finish, time } = await open(t)
    const query = provider.signIn(await begin(), alice)
    assert.equal(typeof (await finish(query)), 'object')
    assert.equal(await finish(query), 'no-transaction', 'a replay')
    assert.equal(await finish(provider.signIn(await begin(), alice), 'contoso', 'browser-2'), 'no-transaction')
    assert.equal(await finish(other.signIn(await begin('fabrikam'), alice), 'contoso'), 'no-transaction', 'a mix-up')
    assert.equal(await finish(new URLSearchParams({ code: 'x', state: 'y' })), 'no-transaction')
    assert.equal(await finish(new URLSearchParams({ code: 'x' })), 'no-transaction')
    const doubled = provider.signIn(await begin(), alice)
    doubled.append('state', doubled.get('state') ?? '')
    assert.equal(await finish(doubled), 'no-transaction')
    const late = provider.signIn(await begin(), alice)
    time.nowMs += 10 * 60 * 1000
    assert.equal(await finish(late), 'no-transaction')
    const early = provider.signIn(await begin(), alice)
    time.nowMs += 10 * 60 * 1000 - 1
    assert.equal(typeof (await finish(early)), 'object')
  })

  test('of ten parallel arrivals of one answer succeeds once', async (t) => {
    const { provider, begin, finish } = await open(t)
    const query = provider.signIn(await begin(), alice)
    const results = await Promise.all(Array.from({ length: 10 }, () => finish(query)))
    assert.equal(results.filter((result) => typeof result === 'object').length, 1)
  })

  test('takes no code of another browser’s sign-in (code injection)', async (t) => {
    const { provider, begin, finish } = await open(t)
    const stolen = provider.signIn(await begin('contoso', 'victim'), alice)
    const own = provider.signIn(await begin('contoso', 'attacker'), { sub: 'mallory' })
    own.set('code', stolen.get('code') ?? '')
    assert.equal(await finish(own, 'contoso', 'attacker'), 'bad-answer', 'the verifier is another')
  })

  test('takes no answer that names another issuer, or none where the provider always does [RFC 9207]', async (t) => {
    const { provider, other, begin, finish } = await open(t)
    const mixed = provider.signIn(await begin(), alice)
    mixed.set('iss', other.issuer)
    assert.equal(await finish(mixed), 'bad-answer')
    const nameless = provider.signIn(await begin(), alice)
    nameless.delete('iss')
    assert.equal(await finish(nameless), 'bad-answer')
    assert.ok(!provider.seen.some(({ path: asked }) => asked === '/token'), 'the code went nowhere')
  })

  test('tells why the provider refused, cut to a line', async (t) => {
    const { provider, begin, upstreams } = await open(t)
    const query = provider.signIn(await begin(), alice)
    query.delete('code')
    query.set('error', 'access_denied')
    query.set('error_description', `<script>\r\n${'x'.repeat(1000)}`)
    const result = await upstreams.finish('contoso', {
      browser: 'browser-1',
      query: query.toString(),
      correlationId: 'id',
    })
    assert.ok('refusal' in result)
    assert.equal(result.refusal.failure, 'provider-refused')
    assert.match(result.refusal.detail ?? '', /^access_denied: <script> x{10,}$/)
    assert.ok((result.refusal.detail ?? '').length <= 300)
    assert.equal(result.flow, 'the-flow')
  })

  test('is begun by one address sixty times at once, and no more', async (t) => {
    const { upstreams, begin } = await open(t)
    for (let count = 0; count < 60; count++) await begin()
    const refused = await upstreams.begin('contoso', beginning)
    assert.ok('refusal' in refused && refused.refusal.status === 429)
    await begin('contoso', 'browser-1', { remoteAddress: '203.0.113.2' })
  })
})

describe('an id token', () => {
  const strange = generateKeyPair('RS256')
  const cases: readonly { why: string; lies: (provider: Provider) => Lies }[] = [
    { why: 'that is not signed', lies: () => ({ idToken: (claims) => new UnsecuredJWT(claims).encode() }) },
    {
      why: 'that is not signed though the provider says it may be',
      lies: () => ({
        configuration: { id_token_signing_alg_values_supported: ['none', 'RS256'] },
        idToken: (claims) => new UnsecuredJWT(claims).encode(),
      }),
    },
    {
      why: 'signed with the client secret',
      lies: () => ({
        configuration: { id_token_signing_alg_values_supported: ['HS256', 'RS256'] },
        idToken: (claims) =>
          new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from('the-secret-of-acrux')),
      }),
    },
    {
      why: 'signed with the public key as a secret',
      lies: ({ jwk }) => ({
        configuration: { id_token_signing_alg_values_supported: ['HS256', 'RS256'] },
        idToken: (claims) =>
          new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'first' }).sign(Buffer.from(JSON.stringify(jwk))),
      }),
    },
    {
      why: 'signed by another key',
      lies: () => ({
        idToken: async (claims) =>
          new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'first' }).sign((await strange).privateKey),
      }),
    },
    { why: 'for another audience', lies: () => ({ claims: { aud: 'another' } }) },
    { why: 'for several, asked for by another', lies: () => ({ claims: { aud: ['acrux', 'b'], azp: 'b' } }) },
    { why: 'of another issuer', lies: () => ({ claims: { iss: 'https://evil.example' } }) },
    { why: 'with another nonce', lies: () => ({ claims: { nonce: 'x' } }) },
    { why: 'without a nonce', lies: () => ({ claims: { nonce: undefined } }) },
    { why: 'without a subject', lies: () => ({ claims: { sub: undefined } }) },
    { why: 'with a subject that is a number', lies: () => ({ claims: { sub: 5 } }) },
    { why: 'with a subject of blanks', lies: () => ({ claims: { sub: 'a b' } }) },
    { why: 'that has expired', lies: () => ({ claims: { exp: Math.floor(Date.now() / 1000) - 60 } }) },
    { why: 'without an end', lies: () => ({ claims: { exp: undefined } }) },
    { why: 'that is no token', lies: () => ({ idToken: () => 'a.b.c' }) },
    { why: 'of ten megabytes of dots', lies: () => ({ idToken: () => '.'.repeat(10_000_000) }) },
    {
      why: 'that is not there',
      lies: () => ({ token: { status: 200, body: { access_token: 'a', token_type: 'b' } } }),
    },
  ]
  for (const { why, lies } of cases) {
    test(`${why} proves nobody`, async (t) => {
      const { provider, signIn, lines } = await open(t)
      provider.lie(lies(provider))
      const result = await signIn()
      assert.ok(result === 'bad-answer' || result === 'unreachable', JSON.stringify(result))
      assert.doesNotMatch(lines.join(''), /the-secret-of-acrux|eyJ|"level":50/)
    })
  }
})

describe('a provider', () => {
  const down: readonly { why: string; lies: Lies }[] = [
    { why: 'that fails', lies: { configurationStatus: 500 } },
    { why: 'that sends a huge document', lies: { configurationBody: `{"issuer":"${'x'.repeat(2_000_000)}"}` } },
    { why: 'that sends people elsewhere', lies: { configurationStatus: 302 } },
  ]
  for (const { why, lies } of down) {
    test(`${why} is told of as one that cannot be reached, and asked again after a pause`, async (t) => {
      const { provider, upstreams, time, begin } = await open(t)
      provider.lie(lies)
      const result = await upstreams.begin('contoso', beginning)
      assert.ok('refusal' in result && result.refusal.status === 503, JSON.stringify(result))
      provider.lie({})
      const asked = provider.seen.length
      assert.ok('refusal' in (await upstreams.begin('contoso', beginning)))
      assert.equal(provider.seen.length, asked, 'it is left alone')
      time.nowMs += 5000
      await begin()
    })
  }

  const wrong: readonly { why: string; lies: Lies }[] = [
    { why: 'of another name', lies: { configuration: { issuer: 'https://evil.example' } } },
    { why: 'that is no JSON', lies: { configurationBody: '{' } },
    { why: 'without keys', lies: { configuration: { jwks_uri: undefined } } },
    { why: 'whose page is in the clear', lies: { configuration: { authorization_endpoint: 'http://evil.example/' } } },
    { why: 'whose page is a script', lies: { configuration: { authorization_endpoint: 'javascript:alert(1)' } } },
    { why: 'whose token endpoint is in the clear', lies: { configuration: { token_endpoint: 'http://localhost/' } } },
  ]
  for (const { why, lies } of wrong) {
    test(`${why} is not used`, async (t) => {
      const { provider, upstreams } = await open(t)
      provider.lie(lies)
      const result = await upstreams.begin('contoso', beginning)
      assert.ok('refusal' in result && result.refusal.failure === 'bad-answer', JSON.stringify(result))
    })
  }

  test('leads the server to no address within the network but its own (fault 39)', async (t) => {
    const { provider, signIn } = await open(t)
    const inside = await startTestProvider()
    t.after(() => inside.close())
    for (const host of [
      `127.0.0.1:${inside.port}`,
      `127.0.0.2:${inside.port}`,
      '169.254.169.254',
      '[::1]',
      '10.0.0.1',
    ]) {
      provider.lie({ configuration: { token_endpoint: `https://${host}/token` } })
      const opened = await open(t, {})
      opened.provider.lie({ configuration: { token_endpoint: `https://${host}/token` } })
      assert.equal(await opened.signIn(), 'unreachable', host)
    }
    assert.equal(inside.seen.length, 0)
    provider.lie({ token: { status: 307, body: {}, location: `https://localhost:${inside.port}/token` } })
    assert.equal(await signIn(), 'unreachable')
    assert.equal(inside.seen.length, 0)
  })

  test('within the network is reached only where the operator says so', async (t) => {
    const { upstreams, provider } = await open(t, { extra: { privateNetwork: false } })
    const result = await upstreams.begin('contoso', beginning)
    assert.ok('refusal' in result && result.refusal.status === 503)
    assert.equal(provider.seen.length, 0)
  })

  test('that is trusted by nobody is not spoken to', async (t) => {
    const { provider, other } = await open(t)
    const signal = AbortSignal.timeout(5000)
    const asking = { method: 'GET', headers: {}, body: undefined, redirect: 'manual', signal } as const
    const fetch = createUpstreamFetch({ issuer: provider.issuer, privateNetwork: true, ca: other.authority.cert })
    await assert.rejects(fetch(`${provider.issuer}/keys`, asking), { failure: 'unreachable' })
    await assert.rejects(fetch(`http://localhost:${provider.port}/keys`, asking), { failure: 'address' })
  })

  test('that goes down after it was known makes the sign-in fail with a page of status 503', async (t) => {
    const { provider, begin, finish } = await open(t)
    const query = provider.signIn(await begin(), alice)
    provider.lie({ token: { status: 503, body: {} } })
    assert.equal(await finish(query), 'unreachable')
  })
})

describe('the claims of a person', () => {
  const cases: readonly { why: string; claims: JWTPayload; extra?: Extra; expected: unknown }[] = [
    { why: 'no groups are none', claims: { sub: 'a' }, expected: [] },
    { why: 'doubled groups count once', claims: { sub: 'a', groups: ['x', 'x'] }, expected: ['x'] },
    {
      why: 'another claim is read where the settings name it',
      claims: { sub: 'a', roles: ['x'] },
      extra: { groupsClaim: 'roles' },
      expected: ['x'],
    },
    { why: 'one text is no list', claims: { sub: 'a', groups: 'x' }, expected: 'groups-unreadable' },
    { why: 'numbers are no groups', claims: { sub: 'a', groups: [1] }, expected: 'groups-unreadable' },
    {
      why: 'an endless list',
      claims: { sub: 'a', groups: Array.from({ length: 1001 }, (_, at) => `g${at}`) },
      expected: 'groups-unreadable',
    },
    { why: 'a group with a line in it', claims: { sub: 'a', groups: ['a\nb'] }, expected: 'groups-unreadable' },
    {
      why: 'groups that are elsewhere are not none',
      claims: { sub: 'a', _claim_names: { groups: 'src1' } },
      expected: 'groups-left-out',
    },
    { why: 'nor are those that a flag stands for', claims: { sub: 'a', hasgroups: true }, expected: 'groups-left-out' },
    {
      why: 'the wanted group is missing',
      claims: { sub: 'a', groups: ['x'] },
      extra: { requireGroup: 'y' },
      expected: 'group-missing',
    },
    {
      why: 'the wanted group is there',
      claims: { sub: 'a', groups: ['y'] },
      extra: { requireGroup: 'y' },
      expected: ['y'],
    },
  ]
  for (const { why, claims, extra, expected } of cases) {
    test(why, async (t) => {
      const { signIn } = await open(t, extra === undefined ? {} : { extra })
      const result = await signIn(claims)
      assert.deepEqual(typeof result === 'object' ? result.person.groups : result, expected)
    })
  }

  test('tell of more than one factor by amr, or by a value of acr that the settings name', async (t) => {
    const { signIn } = await open(t, { extra: { mfaAcrValues: ['gold'] } })
    for (const [claims, expected] of [
      [{ sub: 'a', amr: ['pwd', 'mfa'] }, ['fed', 'mfa']],
      [{ sub: 'a', acr: 'gold' }, ['fed', 'mfa']],
      [{ sub: 'a', acr: 'silver', amr: ['pwd'] }, ['fed']],
      [{ sub: 'a', amr: 'mfa' }, ['fed']],
    ] as [JWTPayload, string[]][]) {
      const result = await signIn(claims)
      assert.deepEqual(typeof result === 'object' ? result.person.methods : result, expected)
    }
  })

  test('have no characters that hide or turn what stands beside them', async (t) => {
    const { signIn } = await open(t)
    const result = await signIn({ sub: 'a', name: 'Al\u202eice\u0000\n', email: 5 as unknown as string })
    assert.ok(typeof result === 'object')
    assert.deepEqual([result.person.displayName, result.person.mail], ['Alice', undefined])
  })
})

describe('the file of the client secret', () => {
  test('is refused where others may read it, and read again at each use', async (t) => {
    const { provider, signIn, lines } = await open(t)
    await chmod(provider.secretFile, 0o644)
    assert.equal(await signIn(), 'misconfigured')
    assert.match(lines.join(''), /open to other users/)
    assert.doesNotMatch(lines.join(''), /the-secret-of-acrux/)
    await chmod(provider.secretFile, 0o600)
    await writeFile(provider.secretFile, 'another-secret')
    assert.equal(typeof (await signIn()), 'object')
    const last = provider.seen.findLast(({ path: asked }) => asked === '/token')
    assert.equal(Buffer.from(last?.authorization?.slice(6) ?? '', 'base64').toString(), 'acrux:another%2Dsecret')
  })
})

describe('an Entra tenant', () => {
  const tenantId = '3d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11'
  const otherTenantId = '5b1cdb6e-2a4f-4f0e-8d0c-0a7b1e9f2d33'
  const oid = '0f8fad5b-d9cb-469f-a165-70867728950e'
  const issuerOf = (tenant: string) => `https://login.microsoftonline.com/${tenant}/v2.0`
  const silent = { authorization_response_iss_parameter_supported: false }

  test('has its people known by tenant and object id, whatever their subject, mail and name are', async (t) => {
    const { provider, signIn } = await openEntra(t, { issuer: issuerOf(tenantId) })
    provider.lie({ configuration: silent })
    const result = await signIn({ sub: 'pairwise', tid: tenantId, oid, preferred_username: 'a@contoso.example' })
    assert.ok(typeof result === 'object', JSON.stringify(result))
    assert.deepEqual([result.person.issuer, result.person.subject], [issuerOf(tenantId), oid])
    for (const claims of [
      { tid: tenantId },
      { oid },
      { tid: otherTenantId, oid },
      { tid: tenantId, oid: 'alice' },
      { tid: tenantId, oid: [oid] },
    ]) {
      assert.equal(await signIn({ sub: 'pairwise', ...claims }), 'bad-answer', JSON.stringify(claims))
    }
  })

  test('is one of several where the settings allow it, and the issuer of each token is its tenant’s', async (t) => {
    const { provider, signIn } = await openEntra(t, { issuer: issuerOf('organizations'), allowedTenants: [tenantId] })
    const configuration = { ...silent, issuer: issuerOf('{tenantid}') }
    const of = (tid: string, iss = issuerOf(tid)) => ({ sub: 'pairwise', tid, oid, iss })
    provider.lie({ configuration })
    const result = await signIn(of(tenantId))
    assert.ok(typeof result === 'object', JSON.stringify(result))
    assert.deepEqual([result.person.issuer, result.person.subject], [issuerOf(tenantId), oid])
    assert.equal(await signIn(of(otherTenantId)), 'tenant')
    assert.equal(await signIn(of(tenantId, issuerOf(otherTenantId))), 'bad-answer')
    assert.equal(await signIn(of(otherTenantId, issuerOf(tenantId))), 'bad-answer')
  })
})

describe('a certificate in place of a secret', () => {
  test('proves Acrux by an assertion that names it both ways', async (t) => {
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
    const { signIn, provider: used } = await open(t, { extra: { clientSecretFile: undefined, ...files } })
    assert.equal(typeof (await signIn()), 'object')
    const sent = used.seen.find(({ path: asked }) => asked === '/token')
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
