import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { as, expectStatus, graph } from '../harness/arm.ts'
import { createPerson } from '../harness/directory.ts'
import { at, listAt } from '../harness/json.ts'
import { type Elsewhere, type Page, pageVisitor, textOf } from '../harness/page-visitor.ts'
import { codeOf, signInPerson } from '../harness/person.ts'
import { startServer } from '../harness/server.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

test('The sign-in methods of a person are listed, and a lost passkey is deleted, which ends the sign-ins', async () => {
  const dave = await createPerson(server, 'dave')
  const tokens = await signInPerson(server, dave, `${server.baseUrl}/graph`)
  const passkeyId = randomUUID()
  // A passkey cannot be made without a browser: its row is put where a browser would have put it.
  const database = new DatabaseSync(join(server.dataDir, 'acrux.db'), { timeout: 10_000 })
  const columns = 'id, object_id, credential_id, public_key, counter, transports, display_name, created_at_ms'
  const values = [
    passkeyId,
    dave.id,
    randomBytes(16).toString('base64url'),
    randomBytes(77),
    0,
    '[]',
    'phone',
    Date.now(),
  ]
  database.prepare(`insert into passkey (${columns}) values (?, ?, ?, ?, ?, ?, ?, ?)`).run(...values)
  database.close()
  const methods = async (path: string, caller?: string) => {
    const listed = expectStatus(await graph(as(server, caller), 'GET', `${path}/authentication/methods`), 200).json()
    return listAt(listed, 'value').map((one) => String(at(one, '@odata.type')))
  }
  const both = ['#microsoft.graph.fido2AuthenticationMethod', '#microsoft.graph.passwordAuthenticationMethod']
  assert.deepEqual((await methods(`/users/${dave.id}`)).toSorted(), both)
  assert.deepEqual((await methods('/me', tokens.access)).toSorted(), both)
  const path = `/users/${dave.id}/authentication/fido2Methods/${passkeyId}`
  expectStatus(await graph(as(server, tokens.access), 'DELETE', path), 403)
  expectStatus(await graph(server, 'DELETE', path), 204)
  expectStatus(await graph(server, 'DELETE', path), 404)
  assert.deepEqual(await methods(`/users/${dave.id}`), ['#microsoft.graph.passwordAuthenticationMethod'])
  expectStatus(await graph(as(server, tokens.access), 'GET', '/me'), 401)
})

function pageOf(answer: Page | Elsewhere): Page {
  if ('location' in answer) throw new Error(`left for ${answer.location.href}`)
  return answer
}

test('A person changes the password on the account page and is signed out by the logout of version 2.0', async () => {
  const erin = await createPerson(server, 'erin')
  const visitor = pageVisitor(server)
  const asked = pageOf(await visitor.open('/account/password'))
  const { userPrincipalName: username } = erin
  await visitor.submit(asked, { username, password: erin.password })
  const page = pageOf(await visitor.open('/account/password'))
  assert.equal(page.status, 200)
  assert.match(page.html, /name="new-password"/)
  const chosen = 'amber kettle 9 orbit'
  const fields = { current: erin.password, 'new-password': chosen, repeated: chosen }
  const changed = await visitor.submit(page, fields, '/account/password')
  if (!('location' in changed)) assert.ok(changed.status < 400, textOf(changed))
  await assert.rejects(codeOf(server, erin, `${server.baseUrl}/graph/.default`))
  const again = { ...erin, password: chosen }
  await signInPerson(server, again, `${server.baseUrl}/graph`)

  const other = pageVisitor(server)
  await other.submit(pageOf(await other.open('/account/security')), { username, password: chosen })
  assert.match(textOf(pageOf(await other.open('/account/security'))), /Password/i)
  const logout = pageOf(await other.open(`/${server.firstRun.tenantId}/oauth2/v2.0/logout`))
  assert.match(textOf(logout), new RegExp(erin.userPrincipalName))
  await other.submit(logout, {}, '/sign-out')
  const afterwards = pageOf(await other.open('/account/security'))
  assert.match(afterwards.html, /name="username"|type="password"/, 'somebody is signed in still')
})
