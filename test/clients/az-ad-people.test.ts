import assert from 'node:assert/strict'
import { after } from 'node:test'
import { createRegistry, roles } from '../harness/arm.ts'
import { form, request } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { basic, get, onRegistry, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { azHome, signIn, step } from './az/az.ts'
import { secretFile } from '../harness/secret-file.ts'

const server = await startServer({ args: ['--identity-password-grant'] })
const az = azHome(server.caFile)
after(async () => {
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})

const { tenantId, servicePrincipal } = server.firstRun
const registry = await createRegistry(server, 'contoso')
const where = { loginServer: registry.loginServer }
await pushImage(onRegistry(server, where), 'team/app', '1', basic(servicePrincipal.appId, servicePrincipal.password))

const carol = 'carol@contoso.example'
let password = 'tidal lantern 7 quilt'
let userId = ''
let teamId = ''
let outerId = ''
let principal = { appId: '', password: '', objectId: '' }

/** What the token endpoint says to a program that has the user's password. */
async function signInUser(given: string): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await request({
    method: 'POST',
    url: `${server.baseUrl}/${tenantId}/oauth2/v2.0/token`,
    caFile: server.caFile,
    ...form({
      grant_type: 'password',
      client_id: '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
      username: carol,
      password: given,
      scope: 'https://management.core.windows.net//.default openid offline_access',
    }),
  })
  return { status: answer.status, text: answer.text() }
}

const tsv = (...args: readonly string[]) => az.text(...args, '-o', 'tsv')

step('az ad user create makes a user who signs in with the password', ['az'], async () => {
  await signIn(az, server)
  const create = ['ad', 'user', 'create', '--user-principal-name', carol, '--display-name', 'Carol Danvers']
  const made = await az.json(...create, '--password', secretFile(password))
  assert.partialDeepStrictEqual(made, { userPrincipalName: carol, displayName: 'Carol Danvers', mailNickname: 'carol' })
  assert.ok(!JSON.stringify(made).includes(password))
  userId = stringAt(made, 'id')
  assert.equal((await signInUser(password)).status, 200)
  await az.fails(1, /already exists/, ...create, '--password', secretFile(password))
  const weak = ['ad', 'user', 'create', '--user-principal-name', 'w@contoso.example', '--display-name', 'w']
  await az.fails(1, /password complexity requirements/, ...weak, '--password', secretFile('Password2026!'))
})

step('az ad user show and list find the user by id, by name and by the start of the display name', ['az'], async () => {
  for (const id of [userId, carol]) {
    assert.partialDeepStrictEqual(await az.json('ad', 'user', 'show', '--id', id), { id: userId, accountEnabled: true })
  }
  const query = ['--query', '[].id']
  assert.equal(await tsv('ad', 'user', 'list', '--upn', carol, ...query), userId)
  assert.equal(await tsv('ad', 'user', 'list', '--display-name', 'carol', ...query), userId)
  const everybody = (await tsv('ad', 'user', 'list', ...query)).split('\n')
  assert.equal(everybody.length, 2)
  assert.equal(await tsv('ad', 'user', 'list', '--filter', `userPrincipalName eq '${carol}'`, ...query), userId)
  await az.fails(
    1,
    /Unsupported or invalid query filter/,
    'ad',
    'user',
    'list',
    '--filter',
    "startswith(passwordHash,'$')",
  )
  await az.fails(3, /does not exist/, 'ad', 'user', 'show', '--id', 'nobody@contoso.example')
})

step('az ad user update resets the password, which must then be changed, and disables the user', ['az'], async () => {
  const update = ['ad', 'user', 'update', '--id', carol]
  await az.text(
    ...update,
    '--password',
    secretFile('seven brass kettles'),
    '--force-change-password-next-sign-in',
    'true',
  )
  assert.match((await signInUser(password)).text, /AADSTS50126/)
  password = 'seven brass kettles'
  assert.match((await signInUser(password)).text, /AADSTS50055/)
  password = 'nine copper spoons'
  await az.text(...update, '--password', secretFile(password), '--force-change-password-next-sign-in', 'false')
  assert.equal((await signInUser(password)).status, 200)
  await az.text(...update, '--account-enabled', 'false')
  assert.match((await signInUser(password)).text, /AADSTS50057/)
  await az.text(...update, '--account-enabled', 'true', '--display-name', 'Carol')
  assert.equal((await signInUser(password)).status, 200)
})

step('az ad group create makes a group, and finds it there the second time', ['az'], async () => {
  const create = ['ad', 'group', 'create', '--display-name', 'team', '--mail-nickname', 'team']
  const made = await az.json(...create, '--description', 'who build the app')
  const expected = { displayName: 'team', description: 'who build the app', securityEnabled: true, mailEnabled: false }
  assert.partialDeepStrictEqual(made, expected)
  teamId = stringAt(made, 'id')
  assert.equal(stringAt(await az.json(...create), 'id'), teamId)
  const outer = ['ad', 'group', 'create', '--display-name', 'outer', '--mail-nickname', 'outer']
  outerId = stringAt(await az.json(...outer), 'id')
})

step('az ad group show and list find groups by id, by name and by its start', ['az'], async () => {
  for (const group of [teamId, 'team']) {
    assert.partialDeepStrictEqual(await az.json('ad', 'group', 'show', '--group', group), { id: teamId })
  }
  const query = ['--query', 'sort_by([], &displayName)[].displayName']
  assert.equal(await tsv('ad', 'group', 'list', ...query), 'outer\nteam')
  assert.equal(await tsv('ad', 'group', 'list', '--display-name', 'te', ...query), 'team')
  await az.fails(3, /does not exist/, 'ad', 'group', 'show', '--group', '0b8f6c0e-93a4-4b2f-8a57-0a2d3c1f7e11')
})

step('az ad group member add, list, check and remove; the groups of a user are listed', ['az'], async () => {
  const sp = await az.json('ad', 'sp', 'create-for-rbac', '--name', 'ci')
  const appId = stringAt(sp, 'appId')
  const objectId = await tsv('ad', 'sp', 'show', '--id', appId, '--query', 'id')
  principal = { appId, password: stringAt(sp, 'password'), objectId }
  const member = ['ad', 'group', 'member']
  await az.text(...member, 'add', '--group', 'team', '--member-id', userId)
  await az.text(...member, 'add', '--group', 'team', '--member-id', objectId)
  await az.text(...member, 'add', '--group', outerId, '--member-id', teamId)
  await az.fails(1, /already exist/, ...member, 'add', '--group', 'team', '--member-id', userId)
  const listed = await tsv(...member, 'list', '--group', 'team', '--query', '[].displayName')
  assert.deepEqual(listed.split('\n').sort(), ['Carol', 'ci'])
  const check = [...member, 'check', '--query', 'value']
  assert.equal(await tsv(...check, '--group', outerId, '--member-id', userId), 'true')
  assert.equal(await tsv(...check, '--group', 'team', '--member-id', outerId), 'false')
  const groups = await tsv('ad', 'user', 'get-member-groups', '--id', carol, '--query', '[].displayName')
  assert.deepEqual(groups.split('\n').sort(), ['outer', 'team'])
  assert.equal(await tsv('ad', 'group', 'get-member-groups', '--group', 'team'), outerId)
  await az.text(...member, 'remove', '--group', 'team', '--member-id', userId)
  assert.equal(await tsv(...check, '--group', 'team', '--member-id', userId), 'false')
})

step('az ad group owner add, list and remove', ['az'], async () => {
  const owner = ['ad', 'group', 'owner']
  await az.text(...owner, 'add', '--group', 'team', '--owner-object-id', userId)
  await az.text(...owner, 'add', '--group', 'team', '--owner-object-id', userId)
  assert.equal(await tsv(...owner, 'list', '--group', 'team', '--query', '[].userPrincipalName'), carol)
  await az.text(...owner, 'remove', '--group', 'team', '--owner-object-id', userId)
  assert.equal(await tsv(...owner, 'list', '--group', 'team'), '')
})

step(
  'az role assignment create gives a role to a group, which its nested members have until they leave',
  ['az'],
  async () => {
    const create = ['role', 'assignment', 'create', '--assignee', outerId, '--role', 'AcrPull', '--scope', registry.id]
    const assigned = await az.json(...create)
    assert.partialDeepStrictEqual(assigned, { principalId: outerId, principalType: 'Group' })
    assert.match(stringAt(assigned, 'roleDefinitionId'), new RegExp(`${roles.acrPull}$`))
    const query = ['--query', "[?principalType=='Group'].[principalName,roleDefinitionName]"]
    assert.equal(await tsv('role', 'assignment', 'list', '--scope', registry.id, ...query), 'outer\tAcrPull')
    const pull = () => get(server, '/v2/team/app/manifests/1', basic(principal.appId, principal.password), where)
    assert.equal((await pull()).status, 200)
    await az.text('ad', 'group', 'member', 'remove', '--group', 'team', '--member-id', principal.objectId)
    assert.equal((await pull()).status, 401)
  },
)

step('az ad group delete and az ad user delete take with them what was given', ['az'], async () => {
  await az.text('ad', 'group', 'delete', '--group', outerId)
  const query = ['--query', "[?principalType=='Group'].principalId"]
  assert.equal(await tsv('role', 'assignment', 'list', '--scope', registry.id, ...query), '')
  await az.text('ad', 'group', 'delete', '--group', 'team')
  assert.equal(await tsv('ad', 'group', 'list'), '')
  await az.text('ad', 'user', 'delete', '--id', carol)
  assert.match((await signInUser(password)).text, /AADSTS50126/)
  await az.fails(3, /does not exist/, 'ad', 'user', 'show', '--id', carol)
})

step('the last directory owner is kept, and az says why', ['az'], async () => {
  const owners = ['ad', 'user', 'update', '--id', server.firstRun.owner.userPrincipalName, '--account-enabled', 'false']
  await az.text(...owners)
  await az.fails(1, /last owner of the directory/, 'ad', 'sp', 'delete', '--id', servicePrincipal.appId)
})
