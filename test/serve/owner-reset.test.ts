import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { armScope, createServicePrincipal } from '../harness/arm.ts'
import { at, stringAt } from '../harness/json.ts'
import { type Elsewhere, type Page, pageVisitor, textOf } from '../harness/page-visitor.ts'
import { askToken, azClientId, codeOf, redeem, signInPerson } from '../harness/person.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
import { totpOf } from '../harness/totp.ts'
import { runAcrux } from './acrux.ts'

const chosen = 'tidal lantern 7 quilt'
const resource = 'https://management.core.windows.net/'

function pageOf(answer: Page | Elsewhere): Page {
  if ('location' in answer) throw new Error(`left for ${answer.location.href}`)
  return answer
}

async function reset(server: RunningServer, ...flags: readonly string[]): Promise<unknown> {
  const ran = await runAcrux(['owner', 'reset', '--data-dir', server.dataDir, '--json', ...flags])
  assert.equal(ran.code, 0, ran.stderr)
  return JSON.parse(ran.stdout)
}

/** Signs in with a password that has to be changed, and changes it. */
async function signInAndChange(server: RunningServer, password: string): Promise<void> {
  const { userPrincipalName } = server.firstRun.owner
  const throughChange = async (
    visitor: Parameters<Exclude<Parameters<typeof codeOf>[1], { password: string }>>[0],
    start: Page | Elsewhere,
  ) => {
    const asked = pageOf(await visitor.submit(pageOf(start), { username: userPrincipalName, password }))
    assert.match(textOf(asked), /Choose a new password/)
    return visitor.submit(pageOf(await visitor.submit(asked, { 'new-password': chosen, repeated: chosen })), {
      decision: 'accept',
    })
  }
  const code = await codeOf(server, throughChange, `${armScope} openid`)
  assert.equal((await redeem(server, code)).status, 200)
}

for (const isRunning of [true, false]) {
  test(`acrux owner reset restores the access of the owner, with the server ${isRunning ? 'running' : 'stopped'}`, async () => {
    await using server = await startServer()
    const { owner } = server.firstRun
    const tokens = await signInPerson(server, owner, resource)
    const refresh = () =>
      askToken(server, {
        grant_type: 'refresh_token',
        client_id: azClientId,
        refresh_token: tokens.refresh,
        scope: armScope,
      })
    assert.equal((await refresh()).status, 200)
    if (!isRunning) await server.stop()
    const result = await reset(server)
    if (!isRunning) await server.restart()
    assert.equal(stringAt(result, 'userPrincipalName'), owner.userPrincipalName)
    const password = stringAt(result, 'password')
    assert.equal((await refresh()).status, 400, 'a sign-in from before goes on')
    await assert.rejects(signInPerson(server, owner, resource), /no code came back|Choose|right|incorrect/i)
    await signInAndChange(server, password)
    assert.equal(server.output().includes(password), false, 'the password is in the log')
    const audit = await runAcrux(['audit', 'export', '--data-dir', server.dataDir, '--action', 'owner.reset'])
    const [line = '', ...more] = audit.stdout.trim().split('\n')
    assert.equal(more.length, 0)
    assert.equal(at(JSON.parse(line), 'detail', 'userPrincipalName'), owner.userPrincipalName)
    assert.equal(audit.stdout.includes(password), false, 'the password is in the audit log')
  })
}

test('acrux owner reset --remove-second-factors restores the access of an owner who lost the authenticator app', async () => {
  await using server = await startServer()
  const { owner } = server.firstRun
  const visitor = pageVisitor(server)
  await visitor.submit(pageOf(await visitor.open('/account/security')), {
    username: owner.userPrincipalName,
    password: owner.password,
  })
  const security = pageOf(await visitor.open('/account/security'))
  const setUp = pageOf(await visitor.submit(security, {}, '/account/security/authenticator/new'))
  const secret = /<p class="secret">([A-Z2-7 ]+)<\/p>/.exec(setUp.html)?.[1]?.replaceAll(' ', '') ?? ''
  const codes = pageOf(await visitor.submit(setUp, { code: totpOf(secret) }, '/account/security/authenticator'))
  assert.match(textOf(codes), /recovery codes/i)

  const left = await reset(server)
  assert.deepEqual(at(left, 'remaining'), {
    authenticatorApp: true,
    passkeys: 0,
    recoveryCodes: 10,
    identityProviders: 0,
  })
  await assert.rejects(signInAndChange(server, stringAt(left, 'password')), /Enter code/, 'the app is asked for')
  const result = await reset(server, '--remove-second-factors')
  assert.deepEqual(at(result, 'remaining'), {
    authenticatorApp: false,
    passkeys: 0,
    recoveryCodes: 0,
    identityProviders: 0,
  })
  assert.equal(pageOf(await visitor.open('/account/security')).html.includes('An authenticator app is set up'), false)
  await signInAndChange(server, stringAt(result, 'password'))

  const again = pageVisitor(server)
  await again.submit(pageOf(await again.open('/account/activity')), {
    username: owner.userPrincipalName,
    password: chosen,
  })
  const activity = textOf(pageOf(await again.open('/account/activity')))
  for (const event of [
    /Password reset by an administrator 2 times/,
    /All second factors removed/,
    /Password changed/,
  ]) {
    assert.match(activity, event)
  }
})

test('acrux owner reset gives the only owner the code with which the first second factor is set up', async () => {
  const env = { ACRUX_IDENTITY_REQUIRE_SECOND_FACTOR: 'owners', ACRUX_IDENTITY_SECOND_FACTOR_ENROLMENT: 'owner-code' }
  await using server = await startServer({ env })
  const result = await reset(server)
  const visitor = pageVisitor(server)
  const start = pageOf(await visitor.open('/account/security'))
  const person = { username: server.firstRun.owner.userPrincipalName, password: stringAt(result, 'password') }
  const change = pageOf(await visitor.submit(start, person))
  const asked = pageOf(await visitor.submit(change, { 'new-password': chosen, repeated: chosen }))
  assert.match(textOf(asked), /Set up a second factor/)
  const without = pageOf(await visitor.submit(asked, { access_pass: 'abcd-efgh-jkmn-pqrs' }))
  assert.match(textOf(without), /Incorrect or expired access pass/)
  const shown = pageOf(await visitor.submit(without, { access_pass: stringAt(result, 'accessPass') }))
  const secret = /<p class="secret">([A-Z2-7 ]+)<\/p>/.exec(shown.html)?.[1]?.replaceAll(' ', '') ?? ''
  assert.match(textOf(pageOf(await visitor.submit(shown, { code: totpOf(secret) }))), /recovery codes/i)
  assert.equal(at(await reset(server), 'accessPass'), undefined, 'whoever has a second factor needs no code')
})

test('acrux owner reset resets only owners, and its socket is for its own user only', async () => {
  await using server = await startServer()
  await createServicePrincipal(server, 'program')
  const rejected = await runAcrux(['owner', 'reset', '--data-dir', server.dataDir, '--user', 'eve@acrux.localhost'])
  assert.equal(rejected.code, 1)
  assert.match(rejected.stderr, /eve@acrux\.localhost is not an owner; owners are owner@acrux\.localhost/)
  assert.equal(rejected.stdout, '')
  assert.equal((await stat(join(server.dataDir, 'control.sock'))).mode & 0o777, 0o600)
  await signInPerson(server, server.firstRun.owner, resource)
  const nowhere = await runAcrux(['owner', 'reset', '--data-dir', join(server.dataDir, 'nowhere')])
  assert.equal(nowhere.code, 13)
})
