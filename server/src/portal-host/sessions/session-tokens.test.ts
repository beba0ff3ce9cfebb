import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { UnsecuredJWT } from 'jose'
import type { Origin } from '../../platform/http/app.ts'
import type { PortalSession } from './model.ts'
import { accessOf, createSessionTokens } from './session-tokens.ts'
import { maxTokensPerSession } from './token-cache.ts'
import type { TokenAnswer, TokenRequest } from './token-endpoints.ts'

const nowMs = Date.parse('2026-11-24T12:00:00Z')
const origin = { correlationId: 'x', remoteAddress: '127.0.0.1' } as Origin
const portalOrigin = 'https://acrux.example'

function sessionOf(idHash: string): PortalSession {
  return { idHash, objectId: 'alice', signInId: 'x', refreshToken: idHash, authenticatedAtMs: 0, createdAtMs: nowMs }
}

/** The tokens of sessions, with token endpoints that wait for `held` and then return the next token of a series. */
function open() {
  const asked: TokenRequest[] = []
  const state = { held: Promise.resolve(), tokenGeneration: 0 }
  const requestToken = async (request: TokenRequest): Promise<TokenAnswer> => {
    asked.push(request)
    const token = new UnsecuredJWT({ number: asked.length, access: [] }).setExpirationTime(nowMs / 1000 + 3600).encode()
    await state.held
    return { status: 200, body: { access_token: token, refresh_token: token } }
  }
  const tokens = createSessionTokens({
    clock: { now: () => nowMs },
    signIns: { client: { clientId: 'portal', redirectUri: `${portalOrigin}/portal/signed-in` } },
    publicOrigin: portalOrigin,
    findRegistry: async () => ({
      name: 'contoso',
      loginServer: 'contoso.example',
      tokenGeneration: state.tokenGeneration,
    }),
    requestToken,
  })
  return { tokens, asked, state }
}

const accessTo = (count: number) => ({ loginServer: 'contoso.example', scope: `repository:r${count}:pull` })

test('many tokens of one session do not remove the tokens of another session', async () => {
  const { tokens, asked } = open()
  const quiet = sessionOf('quiet')
  const token = await tokens.ofAudience(quiet, 'arm', origin)
  for (let count = 0; count < 3000; count += 1) await tokens.ofRegistry(sessionOf('busy'), accessTo(count), origin)
  const before = asked.length
  assert.equal(await tokens.ofAudience(quiet, 'arm', origin), token)
  assert.equal(asked.length, before)
})

test('a session stores the tokens that it used last', async () => {
  const { tokens, asked } = open()
  const session = sessionOf('one')
  for (let count = 0; count < 2 * maxTokensPerSession; count += 1) {
    await tokens.ofAudience(session, 'arm', origin)
    await tokens.ofRegistry(session, accessTo(count), origin)
  }
  const before = asked.length
  await tokens.ofAudience(session, 'arm', origin)
  await tokens.ofRegistry(session, accessTo(2 * maxTokensPerSession - 1), origin)
  assert.equal(asked.length, before)
  await tokens.ofRegistry(session, accessTo(0), origin)
  assert.equal(asked.length, before + 1)
})

test('a token that was requested before the tokens were deleted is not used again', async () => {
  const { tokens, state } = open()
  const session = sessionOf('one')
  const drops = {
    all: () => tokens.forgetAll(session),
    registry: () => tokens.forget(session, accessTo(1)),
  }
  for (const [name, drop] of Object.entries(drops)) {
    const held = Promise.withResolvers<void>()
    await tokens.ofRegistry(session, accessTo(2), origin)
    state.held = held.promise
    const early = tokens.ofRegistry(session, accessTo(1), origin)
    await nextTurn()
    drop()
    const late = tokens.ofRegistry(session, accessTo(1), origin)
    held.resolve()
    assert.notEqual(await early, await late, `${name}: a request that is running`)
    assert.equal(await tokens.ofRegistry(session, accessTo(1), origin), await late, `${name}: the next request`)
    tokens.forgetAll(session)
  }
})

test('concurrent requests wait for the same token', async () => {
  const { tokens, asked } = open()
  const all = await Promise.all([1, 2, 3].map(() => tokens.ofAudience(sessionOf('one'), 'graph', origin)))
  assert.equal(new Set(all).size, 1)
  assert.equal(asked.length, 1)
})

test('the access in a token includes untag, which a separate claim contains', () => {
  const encode = (claims: object) => new UnsecuredJWT({ ...claims }).encode()
  const access = [{ type: 'repository', name: 'team/app', actions: ['pull', 'push'] }]
  assert.deepEqual(accessOf(encode({ access, acrux: { untag: [] } })), ['pull', 'push'])
  assert.deepEqual(accessOf(encode({ access, acrux: { untag: ['team/app'] } })), ['pull', 'push', 'untag'])
  assert.deepEqual(accessOf(encode({})), [])
})

test('if the tokens of a registry have become invalid, a session gets new tokens at its next request', async () => {
  const { tokens, asked, state } = open()
  const session = sessionOf('one')
  const [access, login] = [
    await tokens.ofRegistry(session, accessTo(1), origin),
    await tokens.loginOf(session, 'contoso.example', origin),
  ]
  const before = asked.length
  assert.equal(await tokens.ofRegistry(session, accessTo(1), origin), access)
  assert.equal(asked.length, before)
  state.tokenGeneration = 1
  assert.notEqual(await tokens.ofRegistry(session, accessTo(1), origin), access)
  assert.notEqual(await tokens.loginOf(session, 'contoso.example', origin), login)
})
