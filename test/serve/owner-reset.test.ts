import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { armScope, createServicePrincipal } from '../harness/arm.ts'
import { at, stringAt } from '../harness/json.ts'
import { type Elsewhere, type Page, textOf } from '../harness/page-visitor.ts'
import { askToken, azClientId, codeOf, redeem, signInPerson } from '../harness/person.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
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
  test(`acrux owner reset lets the owner in again, with the server ${isRunning ? 'running' : 'stopped'}`, async () => {
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

test('acrux owner reset resets nobody who is no owner, and its socket is for the own user alone', async () => {
  await using server = await startServer()
  await createServicePrincipal(server, 'program')
  const refused = await runAcrux(['owner', 'reset', '--data-dir', server.dataDir, '--user', 'eve@acrux.localhost'])
  assert.equal(refused.code, 1)
  assert.match(
    refused.stderr,
    /eve@acrux\.localhost among the people here is an owner; owners are owner@acrux\.localhost/,
  )
  assert.equal(refused.stdout, '')
  assert.equal((await stat(join(server.dataDir, 'control.sock'))).mode & 0o777, 0o600)
  await signInPerson(server, server.firstRun.owner, resource)
  const nowhere = await runAcrux(['owner', 'reset', '--data-dir', join(server.dataDir, 'nowhere')])
  assert.equal(nowhere.code, 13)
})
