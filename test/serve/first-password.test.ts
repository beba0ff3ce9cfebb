import assert from 'node:assert/strict'
import { test } from 'node:test'
import { form, request } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { type Elsewhere, type Page, pageVisitor, textOf } from '../harness/page-visitor.ts'
import { askToken, azClientId, codeOf, redeem } from '../harness/person.ts'
import { startServer } from '../harness/server.ts'

const scope = 'https://management.core.windows.net//.default openid'
const chosen = 'tidal lantern 7 quilt'

function pageOf(answer: Page | Elsewhere): Page {
  if ('location' in answer) throw new Error(`left for ${answer.location.href}`)
  return answer
}

test('the first owner changes the first password at the first sign-in in a browser, and by a device code', async () => {
  await using server = await startServer({ dev: false, args: ['--identity-password-grant'] })
  const { userPrincipalName, password } = server.firstRun.owner
  const byPassword = (said: string) =>
    askToken(server, {
      grant_type: 'password',
      client_id: azClientId,
      username: userPrincipalName,
      password: said,
      scope,
    })
  const rejected = (await byPassword(password)).json()
  assert.match(stringAt(rejected, 'error_description'), /^AADSTS50055/)

  const visitor = pageVisitor(server)
  const device = await askDevice(server)
  const entered = pageOf(
    await visitor.submit(pageOf(await visitor.open('/devicelogin')), { user_code: device.userCode }),
  )
  const asked = pageOf(await visitor.submit(entered, { username: userPrincipalName, password }))
  assert.match(textOf(asked), /Choose a new password/)
  const before = await askToken(server, device.poll)
  assert.match(stringAt(before.json(), 'error'), /authorization_pending/)
  const same = pageOf(await visitor.submit(asked, { 'new-password': password, repeated: password }))
  assert.match(textOf(same), /is the same as the current password/)
  const confirm = pageOf(await visitor.submit(same, { 'new-password': chosen, repeated: chosen }))
  await visitor.submit(confirm, { decision: 'accept' })
  assert.equal((await askToken(server, device.poll)).status, 200)
  assert.equal((await byPassword(password)).status, 400, 'the first password is no more')
  assert.equal((await byPassword(chosen)).status, 200)

  const code = await codeOf(server, { userPrincipalName, password: chosen }, scope)
  assert.equal((await redeem(server, code)).status, 200)
})

test('the first owner who signs in with a browser is asked for another password before anything else', async () => {
  await using server = await startServer({ dev: false })
  const { userPrincipalName, password } = server.firstRun.owner
  const code = await codeOf(
    server,
    async (visitor, start) => {
      const asked = pageOf(await visitor.submit(pageOf(start), { username: userPrincipalName, password }))
      assert.match(textOf(asked), /Choose a new password/)
      assert.match(textOf(pageOf(await visitor.open('/account/security'))), /Sign in/)
      return visitor.submit(pageOf(await visitor.submit(asked, { 'new-password': chosen, repeated: chosen })), {
        decision: 'accept',
      })
    },
    scope,
  )
  assert.equal((await redeem(server, code)).status, 200)
})

test('with --dev the first owner keeps the generated password', async () => {
  await using server = await startServer({ dev: true })
  const code = await codeOf(server, server.firstRun.owner, scope)
  assert.equal((await redeem(server, code)).status, 200)
})

async function askDevice(server: Parameters<typeof askToken>[0]) {
  const url = `${server.baseUrl}/${server.firstRun.tenantId}/oauth2/v2.0/devicecode`
  const fields = form({ client_id: azClientId, scope })
  const answer = (await request({ method: 'POST', url, caFile: server.caFile, ...fields })).json()
  const poll = {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    client_id: azClientId,
    device_code: stringAt(answer, 'device_code'),
  }
  return { userCode: stringAt(answer, 'user_code'), poll }
}
