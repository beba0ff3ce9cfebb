import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectStatus, graph } from '../harness/arm.ts'
import { stringAt } from '../harness/json.ts'
import { type Elsewhere, type Page, textOf } from '../harness/page-visitor.ts'
import { askToken, azClientId, codeOf, redeem, signInPerson } from '../harness/person.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { totpOf } from '../harness/totp.ts'

const arm = 'https://management.core.windows.net/'
const scope = `${arm}/.default offline_access openid`
const person = { userPrincipalName: 'carol@acrux.localhost', password: 'tidal lantern 7 quilt' }

function pageOf(answer: Page | Elsewhere): Page {
  if ('location' in answer) throw new Error(`left for ${answer.location.href}`)
  return answer
}

const byPassword = (server: RunningServer) =>
  askToken(server, {
    grant_type: 'password',
    client_id: azClientId,
    username: person.userPrincipalName,
    password: person.password,
    scope,
  })
const byRefreshToken = (server: RunningServer, refresh: string) =>
  askToken(server, { grant_type: 'refresh_token', client_id: azClientId, refresh_token: refresh, scope })

test('once the operator requires a second factor, no grant continues without one, and a browser sets it up', async () => {
  using home = tempDir('second-factor-policy')
  const dataDir = `${home.path}/data`
  const args = ['--identity-password-grant']
  const before = await startServer({ dataDir, args })
  const { userPrincipalName, password } = person
  const body = { accountEnabled: true, displayName: 'Carol', userPrincipalName, passwordProfile: { password } }
  expectStatus(await graph(before, 'POST', '/users', body), 201)
  const { refresh } = await signInPerson(before, person, arm)
  const { port } = before
  assert.equal((await byPassword(before)).status, 200)
  await before.stop()

  await using server = await startServer({ dataDir, port, args: [...args, '--identity-require-second-factor', 'all'] })
  const denials = [
    [await byPassword(server), /^AADSTS50079/],
    // The start ended the sign-ins that a password alone had made.
    [await byRefreshToken(server, refresh), /^AADSTS50173/],
  ] as const
  for (const [denied, description] of denials) {
    assert.equal(denied.status, 400)
    assert.match(stringAt(denied.json(), 'error_description'), description)
  }
  const code = await codeOf(
    server,
    async (visitor, start) => {
      const asked = pageOf(await visitor.submit(pageOf(start), { username: userPrincipalName, password }))
      assert.match(textOf(asked), /Set up a second factor/)
      const shown = pageOf(await visitor.submit(asked, {}))
      const secret = /<p class="secret">([A-Z2-7 ]+)</.exec(shown.html)?.[1]?.replaceAll(' ', '') ?? ''
      const codes = pageOf(await visitor.submit(shown, { code: totpOf(secret) }))
      const href = /<a class="button primary" href="([^"]+)"/.exec(codes.html)?.[1] ?? ''
      return visitor.submit(pageOf(await visitor.open(href)), { decision: 'accept' })
    },
    scope,
  )
  const tokens = expectStatus(await redeem(server, code), 200).json()
  const [, payload = ''] = stringAt(tokens, 'access_token').split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { amr: string[] }
  assert.ok(claims.amr.includes('mfa'), claims.amr.join())
  assert.equal((await byRefreshToken(server, stringAt(tokens, 'refresh_token'))).status, 200)
  const stale = await byRefreshToken(server, refresh)
  assert.equal(stale.status, 400, 'the sign-in by the password alone has ended')
  assert.match(stringAt((await byPassword(server)).json(), 'error_description'), /^AADSTS50076/)
})
