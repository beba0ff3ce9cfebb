import assert from 'node:assert/strict'
import { test } from 'node:test'
import { armScope, expectStatus } from '../harness/arm.ts'
import { form, type HttpResponse, request } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { pageVisitor } from '../harness/page-visitor.ts'
import { askToken, azClientId, codeOf, redeem } from '../harness/person.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { startReplica } from '../harness/replica.ts'
import { type RunningServer, startServer } from '../harness/server.ts'

const scope = `${armScope} offline_access openid profile`

const succeeded = (answers: readonly HttpResponse[]) => answers.filter(({ status }) => status === 200)

/** The servers behind one address: each request goes to the next one. */
function inTurns(servers: readonly RunningServer[]): RunningServer {
  let requests = 0
  const [first] = servers
  assert.ok(first !== undefined)
  return {
    ...first,
    get caFile() {
      return servers[(requests += 1) % servers.length]?.caFile ?? ''
    },
  }
}

test('sign-in on several servers', async (t) => {
  if (!requirePostgres(t)) return
  await using postgres = await startTestPostgres()
  const database = postgres.createDatabase('acrux')
  const args = ['--identity-password-grant']
  await using a = await startServer({ args: [...database.args, ...args] })
  await using b = await startReplica(a, database, { args })
  await using c = await startReplica(a, database, { args })
  const servers = [a, b, c]
  const balanced = inTurns(servers)
  const { owner } = a.firstRun

  await t.test('the pages go through changing servers, and a code is redeemed once', async () => {
    const code = await codeOf(balanced, owner, scope)
    const answers = await Promise.all(servers.map((server) => redeem(server, code)))
    assert.equal(succeeded(answers).length, 1)
    // The second use of a code shows that somebody else has it.
    const [tokens] = succeeded(answers)
    const refreshToken = stringAt(tokens?.json(), 'refresh_token')
    const fields = { grant_type: 'refresh_token', client_id: azClientId, refresh_token: refreshToken, scope }
    expectStatus(await askToken(b, fields), 400)
  })

  await t.test('a refresh token is valid on every server', async () => {
    const tokens = expectStatus(await redeem(b, await codeOf(balanced, owner, scope)), 200).json()
    const refreshToken = stringAt(tokens, 'refresh_token')
    const fields = { grant_type: 'refresh_token', client_id: azClientId, refresh_token: refreshToken, scope }
    for (const server of servers) expectStatus(await askToken(server, fields), 200)
  })

  await t.test('a device code is requested, approved and redeemed on three servers, once', async () => {
    const url = `${a.baseUrl}/organizations/oauth2/v2.0/devicecode`
    const fields = form({ client_id: azClientId, scope })
    const begun = expectStatus(await request({ method: 'POST', url, caFile: a.caFile, ...fields }), 200).json()
    const visitor = pageVisitor(balanced)
    const start = await visitor.open('/devicelogin')
    assert.ok('html' in start)
    const done = await visitor.signIn(await visitor.submit(start, { user_code: stringAt(begun, 'user_code') }), owner)
    assert.ok('html' in done && done.url.pathname === '/devicelogin/done')
    const answers = await Promise.all(
      servers.map((server) =>
        askToken(server, {
          grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
          client_id: azClientId,
          device_code: stringAt(begun, 'device_code'),
        }),
      ),
    )
    assert.equal(succeeded(answers).length, 1, answers.map((answer) => answer.text()).join('\n'))
  })

  await t.test('guesses of a password are counted for all servers', async () => {
    const guess = (server: RunningServer, number: number) =>
      askToken(server, {
        grant_type: 'password',
        client_id: azClientId,
        scope,
        username: owner.userPrincipalName,
        password: `guess ${number}`,
      })
    for (let number = 0; number < 24; number += 1) expectStatus(await guess(balanced, number), 400)
    const checked = Number(database.query("select sum(count) from security_event where detail = 'wrong-password'"))
    assert.ok(checked >= 10 && checked <= 11, String(checked))
  })
})
