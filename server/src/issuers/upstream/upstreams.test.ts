import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { type Overrides, startTestProvider } from '../../../testing/issuers/test-upstream-provider.ts'
import { alice, signInRequest, openTestUpstreams, testUpstreamOrigin } from '../../../testing/issuers/test-upstreams.ts'
import { createUpstreamFetch } from './fetch.ts'

describe('a sign-in at an organisation’s provider', () => {
  for (const kind of usualDatabaseKinds) {
    test(`returns issuer, subject, names and groups, with code, PKCE, state and nonce [${kind}]`, async (t) => {
      const { provider, begin, finish, time } = await openTestUpstreams(t, { kind })
      const authenticatedAfterMs = time.nowMs - 90_500
      const location = await begin('contoso', 'browser-1', { loginHint: 'alice', authenticatedAfterMs })
      const { origin: at, pathname, searchParams } = new URL(location)
      assert.equal(`${at}${pathname}`, `${provider.issuer}/authorize`)
      assert.deepEqual(
        Object.fromEntries([...searchParams].filter(([name]) => !/^(state|nonce|code_challenge)$/.test(name))),
        {
          client_id: 'acrux',
          scope: 'openid profile email',
          redirect_uri: `${testUpstreamOrigin}/sign-in/contoso/callback`,
          response_type: 'code',
          code_challenge_method: 'S256',
          login_hint: 'alice',
          prompt: 'login',
          max_age: '90',
        },
      )
      const authTime = Math.floor(time.nowMs / 1000)
      const result = await finish(provider.signIn(location, { ...alice, auth_time: authTime }))
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
        authenticatedAtMs: authTime * 1000,
      })
      const sent = provider.seen.find(({ path: requestedPath }) => requestedPath === '/token')
      assert.ok(sent?.authorization?.startsWith('Basic '), 'the default where the provider names no method')
    })
  }

  test('prompts for an account if the provider supports that, otherwise for a new authentication', async (t) => {
    const { provider, begin, time } = await openTestUpstreams(t)
    const promptOf = async (more: object) =>
      new URL(await begin('contoso', 'browser-1', more)).searchParams.get('prompt')
    assert.deepEqual(
      [await promptOf({}), await promptOf({ mustChooseAccount: true }), await promptOf({ wantsAnotherAccount: true })],
      [null, null, 'login'],
    )
    provider.override({ configuration: { prompt_values_supported: ['login', 'select_account'] } })
    time.nowMs += 60 * 60 * 1000
    assert.deepEqual(
      [await promptOf({}), await promptOf({ mustChooseAccount: true }), await promptOf({ wantsAnotherAccount: true })],
      [null, 'select_account', 'select_account'],
    )
  })

  test('is completed once, by the browser that started it, at the same provider, within ten minutes', async (t) => {
    const { provider, other, begin, finish, time } = await openTestUpstreams(t)
    const query = provider.signIn(await begin(), alice)
    assert.equal(typeof (await finish(query)), 'object')
    assert.equal(await finish(query), 'no-transaction', 'a replay')
    assert.equal(await finish(provider.signIn(await begin(), alice), 'contoso', 'browser-2'), 'no-transaction')
    assert.equal(await finish(other.signIn(await begin('fabrikam'), alice), 'contoso'), 'no-transaction', 'a mix-up')
    assert.equal(await finish(new URLSearchParams({ code: 'x', state: 'y' })), 'no-transaction')
    assert.equal(await finish(new URLSearchParams({ code: 'x' })), 'no-transaction')
    const duplicated = provider.signIn(await begin(), alice)
    duplicated.append('state', duplicated.get('state') ?? '')
    assert.equal(await finish(duplicated), 'no-transaction')
    const late = provider.signIn(await begin(), alice)
    time.nowMs += 10 * 60 * 1000
    assert.equal(await finish(late), 'no-transaction')
    const early = provider.signIn(await begin(), alice)
    time.nowMs += 10 * 60 * 1000 - 1
    assert.equal(typeof (await finish(early)), 'object')
  })

  test('that must be recent is denied if the provider returns no auth_time, or an old one', async (t) => {
    const { provider, begin, finish, time } = await openTestUpstreams(t)
    const authenticatedAfterMs = time.nowMs - 600_000
    const seconds = (ms: number) => Math.floor(ms / 1000)
    for (const [auth_time, expected] of [
      [undefined, 'not-fresh'],
      [String(seconds(time.nowMs)), 'bad-answer'],
      [1, 'not-fresh'],
      [seconds(authenticatedAfterMs) - 62, 'not-fresh'],
      [seconds(authenticatedAfterMs) - 58, 'taken'],
      [seconds(time.nowMs), 'taken'],
    ] as const) {
      const location = await begin('contoso', 'browser-1', { authenticatedAfterMs })
      const result = await finish(provider.signIn(location, { ...alice, auth_time }))
      assert.equal(typeof result === 'string' ? result : 'taken', expected, String(auth_time))
    }
    const location = await begin('contoso', 'browser-1', { authenticatedAfterMs: time.nowMs + 5000 })
    assert.equal(new URL(location).searchParams.get('max_age'), '0', 'never a negative age')
    assert.equal(new URL(await begin()).searchParams.get('max_age'), null, 'only where it matters')
  })

  test('succeeds once for ten parallel callbacks', async (t) => {
    const { provider, begin, finish } = await openTestUpstreams(t)
    const query = provider.signIn(await begin(), alice)
    const results = await Promise.all(Array.from({ length: 10 }, () => finish(query)))
    assert.equal(results.filter((result) => typeof result === 'object').length, 1)
  })

  test('does not accept a code of another browser’s sign-in (code injection)', async (t) => {
    const { provider, begin, finish } = await openTestUpstreams(t)
    const stolen = provider.signIn(await begin('contoso', 'victim'), alice)
    const own = provider.signIn(await begin('contoso', 'attacker'), { sub: 'mallory' })
    own.set('code', stolen.get('code') ?? '')
    assert.equal(await finish(own, 'contoso', 'attacker'), 'bad-answer', 'the verifier is another')
  })

  test('does not accept a response with another issuer, or without one if the provider supports it [RFC 9207]', async (t) => {
    const { provider, other, begin, finish } = await openTestUpstreams(t)
    const mixed = provider.signIn(await begin(), alice)
    mixed.set('iss', other.issuer)
    assert.equal(await finish(mixed), 'bad-answer')
    const withoutIssuer = provider.signIn(await begin(), alice)
    withoutIssuer.delete('iss')
    assert.equal(await finish(withoutIssuer), 'bad-answer')
    assert.ok(!provider.seen.some(({ path: requestedPath }) => requestedPath === '/token'), 'the code is not sent')
  })

  test('returns the provider’s reason for a denial, cut to one line', async (t) => {
    const { provider, begin, upstreams } = await openTestUpstreams(t)
    const query = provider.signIn(await begin(), alice)
    query.delete('code')
    query.set('error', 'access_denied')
    query.set('error_description', `<script>\r\n${'x'.repeat(1000)}`)
    const result = await upstreams.finish('contoso', {
      browser: 'browser-1',
      query: query.toString(),
      correlationId: 'id',
    })
    assert.ok('rejection' in result)
    assert.equal(result.rejection.failure, 'provider-denied')
    assert.match(result.rejection.detail ?? '', /^access_denied: <script> x{10,}$/)
    assert.ok((result.rejection.detail ?? '').length <= 300)
    assert.equal(result.flow, 'the-flow')
  })

  test('is limited to a burst of sixty for an address', async (t) => {
    const { upstreams, begin } = await openTestUpstreams(t)
    for (let count = 0; count < 60; count++) await begin()
    const rejected = await upstreams.begin('contoso', signInRequest)
    assert.ok('rejection' in rejected && rejected.rejection.status === 429)
    await begin('contoso', 'browser-1', { remoteAddress: '203.0.113.2' })
  })
})

const fetchOptions = () =>
  ({
    method: 'GET',
    headers: {},
    body: undefined,
    redirect: 'manual',
    signal: AbortSignal.timeout(60_000),
  }) as const

describe('a provider', () => {
  const down: readonly { why: string; overrides: Overrides }[] = [
    { why: 'that fails', overrides: { configurationStatus: 500 } },
    { why: 'that sends a huge document', overrides: { configurationBody: `{"issuer":"${'x'.repeat(2_000_000)}"}` } },
    { why: 'that redirects', overrides: { configurationStatus: 302 } },
  ]
  for (const { why, overrides } of down) {
    test(`${why} is reported as unreachable, and contacted again after a pause`, async (t) => {
      const { provider, upstreams, time, begin } = await openTestUpstreams(t)
      provider.override(overrides)
      const result = await upstreams.begin('contoso', signInRequest)
      assert.ok('rejection' in result && result.rejection.status === 503, JSON.stringify(result))
      provider.override({})
      const requestsBefore = provider.seen.length
      assert.ok('rejection' in (await upstreams.begin('contoso', signInRequest)))
      assert.equal(provider.seen.length, requestsBefore, 'no request during the pause')
      time.nowMs += 5000
      await begin()
    })
  }

  const wrong: readonly { why: string; overrides: Overrides }[] = [
    { why: 'with another issuer', overrides: { configuration: { issuer: 'https://evil.example' } } },
    { why: 'whose configuration is not JSON', overrides: { configurationBody: '{' } },
    { why: 'without keys', overrides: { configuration: { jwks_uri: undefined } } },
    {
      why: 'whose authorization endpoint is http',
      overrides: { configuration: { authorization_endpoint: 'http://evil.example/' } },
    },
    {
      why: 'whose authorization endpoint is a script',
      overrides: { configuration: { authorization_endpoint: 'javascript:alert(1)' } },
    },
    { why: 'whose token endpoint is http', overrides: { configuration: { token_endpoint: 'http://localhost/' } } },
  ]
  for (const { why, overrides } of wrong) {
    test(`${why} is not used`, async (t) => {
      const { provider, upstreams } = await openTestUpstreams(t)
      provider.override(overrides)
      const result = await upstreams.begin('contoso', signInRequest)
      assert.ok('rejection' in result && result.rejection.failure === 'bad-answer', JSON.stringify(result))
    })
  }

  test('cannot direct the server to another address in the private network (fault 39)', async (t) => {
    const { provider, signIn } = await openTestUpstreams(t)
    const inside = await startTestProvider()
    t.after(() => inside.close())
    for (const host of [
      `127.0.0.1:${inside.port}`,
      `127.0.0.2:${inside.port}`,
      '169.254.169.254',
      '[::1]',
      '10.0.0.1',
    ]) {
      provider.override({ configuration: { token_endpoint: `https://${host}/token` } })
      const opened = await openTestUpstreams(t, {})
      opened.provider.override({ configuration: { token_endpoint: `https://${host}/token` } })
      assert.equal(await opened.signIn(), 'unreachable', host)
    }
    assert.equal(inside.seen.length, 0)
    const fetch = createUpstreamFetch({ issuer: provider.issuer, privateNetwork: true, ca: inside.authority.cert })
    for (const host of ['127.0.0.1', '[::1]', '10.0.0.1', '[::ffff:127.0.0.1]', '169.254.169.254']) {
      await assert.rejects(fetch(`https://${host}:${inside.port}/keys`, fetchOptions()), { failure: 'address' }, host)
    }
    provider.override({ token: { status: 307, body: {}, location: `https://localhost:${inside.port}/token` } })
    assert.equal(await signIn(), 'unreachable')
    assert.equal(inside.seen.length, 0)
  })

  test('in the private network is reached only if the operator allows it', async (t) => {
    const { upstreams, provider } = await openTestUpstreams(t, { extra: { privateNetwork: false } })
    const result = await upstreams.begin('contoso', signInRequest)
    assert.ok('rejection' in result && result.rejection.status === 503)
    assert.equal(provider.seen.length, 0)
  })

  test('with an untrusted certificate is not used', async (t) => {
    const { provider, other } = await openTestUpstreams(t)
    const fetch = createUpstreamFetch({ issuer: provider.issuer, privateNetwork: true, ca: other.authority.cert })
    await assert.rejects(fetch(`${provider.issuer}/keys`, fetchOptions()), { failure: 'unreachable' })
    await assert.rejects(fetch(`http://localhost:${provider.port}/keys`, fetchOptions()), { failure: 'address' })
  })

  test('gets a bounded number of requests at a time', async (t) => {
    const { provider } = await openTestUpstreams(t)
    const { issuer, authority } = provider
    const fetch = createUpstreamFetch({ issuer, privateNetwork: true, ca: authority.cert })
    const request = () =>
      fetch(`${issuer}/.well-known/openid-configuration`, fetchOptions()).then(({ status }) => status)
    const answers = await Promise.allSettled(Array.from({ length: 40 }, request))
    assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 32)
    const rejected = answers.flatMap((answer) =>
      answer.status === 'rejected' ? [answer.reason as { failure: string }] : [],
    )
    assert.deepEqual(new Set(rejected.map(({ failure }) => failure)), new Set(['busy']))
    assert.equal(await request(), 200)
  })

  test('that goes down after discovery makes the sign-in fail with a page of status 503', async (t) => {
    const { provider, begin, finish } = await openTestUpstreams(t)
    const query = provider.signIn(await begin(), alice)
    provider.override({ token: { status: 503, body: {} } })
    assert.equal(await finish(query), 'unreachable')
  })
})
