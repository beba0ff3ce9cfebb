import assert from 'node:assert/strict'
import { statSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { arm, armToken, enableAdmin, expectStatus, registryId } from '../harness/arm.ts'
import { form } from '../harness/http.ts'
import { at } from '../harness/json.ts'
import { askAccessToken, basic, get, nullGuid } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { assertBasicDenied, assertUnauthorizedBody } from '../rights/denial.ts'
import { askIdentity } from '../rights/tokens.ts'
import { openWire } from './wire.ts'

const server = await startServer({ firstStart: true })
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { registry, owner, servicePrincipal, tenantId, subscriptionId, loginServer } = server.firstRun

const names = [registry, registry.toUpperCase(), 'admin', 'root', 'Administrator', 'azureuser', 'acrux', 'myregistry']
const ids = [nullGuid, servicePrincipal.appId, owner.userPrincipalName, tenantId, '<token>', '$oauthtoken', '']

/** What servers are shipped with, and what people type first. */
const literals = [
  '',
  ' ',
  'admin',
  'Admin',
  'password',
  'password2',
  'Password1',
  'P@ssw0rd',
  'Harbor12345',
  'admin123',
  'changeme',
  'secret',
  'registry',
  'acrux',
  '12345',
  'null',
  'undefined',
  'true',
  '0',
  '*',
  '[object Object]',
  registry,
  loginServer,
  tenantId,
  subscriptionId,
  nullGuid,
  servicePrincipal.appId,
  owner.userPrincipalName,
]

async function assertNoLiteralWorks(): Promise<void> {
  for (const username of [...names, ...ids]) {
    for (const password of literals) {
      const direct = await wire.send({ target: '/v2/', authorization: basic(username, password) })
      assert.equal(direct.status, 401, `${username}:${password}`)
    }
  }
  for (const username of [registry, 'admin', nullGuid, servicePrincipal.appId, owner.userPrincipalName]) {
    for (const password of literals) {
      const wanted = { service: loginServer, scope: 'registry:catalog:*' }
      const query = new URLSearchParams(wanted).toString()
      const authorization = basic(username, password)
      assertUnauthorizedBody(await wire.send({ target: `/oauth2/token?${query}`, authorization }))
      const fields = form({ ...wanted, grant_type: 'password', username, password })
      const headers = Object.entries(fields.headers)
      const posted = { method: 'POST', target: '/oauth2/token', headers, body: fields.body }
      assertUnauthorizedBody(await wire.send(posted))
    }
  }
}

test('fault 3: a fresh server has its admin account turned off and anonymous pull too', async () => {
  const document = expectStatus(await arm(server, 'GET', registryId(server)), 200).json()
  assert.equal(at(document, 'properties', 'adminUserEnabled'), false)
  assert.equal(at(document, 'properties', 'anonymousPullEnabled'), false)
  const listed = await arm(server, 'POST', `${registryId(server)}/listCredentials`)
  assert.ok(listed.status >= 400 && listed.status < 500, `status ${listed.status}`)
  assertBasicDenied(await get(server, '/v2/', basic(registry, '')))
  assertUnauthorizedBody(await askAccessToken(server, 'anonymous', ['repository:team/app:pull']))
})

test('fault 3: no guessable password opens a fresh server', assertNoLiteralWorks)

test('fault 3: nor does one when the admin account is on', async () => {
  const admin = await enableAdmin(server)
  assert.equal((await get(server, '/v2/', basic(registry, admin.password))).status, 200)
  await assertNoLiteralWorks()
  for (const almost of [
    admin.password.slice(0, -1),
    `${admin.password} `,
    ` ${admin.password}`,
    `${admin.password}\u0000`,
    admin.password.toLowerCase(),
    `${admin.password}${admin.password2}`,
  ]) {
    assert.equal((await get(server, '/v2/', basic(registry, almost))).status, 401)
  }
  expectStatus(await arm(server, 'PATCH', registryId(server), { properties: { adminUserEnabled: false } }), 200)
})

test('fault 3: no literal secret signs the first service principal in to the identity provider', async () => {
  for (const password of literals) {
    const answer = await askIdentity(server, { appId: servicePrincipal.appId, password })
    assert.ok(answer.status === 400 || answer.status === 401, `status ${answer.status} for ${password}`)
    assert.equal(at(answer.json(), 'access_token'), undefined)
  }
})

test('fault 3: the secrets of the first run are readable by its own user only and are not shown again', async () => {
  const file = join(server.dataDir, 'first-run.json')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const said = server.output().length
  await server.restart()
  const saidAgain = server.output().slice(said)
  for (const secret of [owner.password, servicePrincipal.password]) {
    assert.ok(!saidAgain.includes(secret), 'a second start prints a secret')
  }
  const kept: unknown = JSON.parse(readFileSync(file, 'utf8'))
  assert.equal(at(kept, 'servicePrincipal', 'password'), servicePrincipal.password)
  await armToken(server)
})
