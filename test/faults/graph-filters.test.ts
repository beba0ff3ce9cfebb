import assert from 'node:assert/strict'
import { Agent } from 'node:https'
import { after, test } from 'node:test'
import { armToken, as, createServicePrincipal, expectStatus, graph } from '../harness/arm.ts'
import { type HttpResponse, request } from '../harness/http.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const token = await armToken(server, server.firstRun.servicePrincipal, `${server.baseUrl}/graph//.default`)
const principal = await createServicePrincipal(server, 'victim')
const person = {
  accountEnabled: true,
  displayName: 'victim',
  userPrincipalName: 'victim@acrux.localhost',
  passwordProfile: { password: 'tidal lantern 7 quilt' },
}
const userId = stringAt(expectStatus(await graph(as(server, token), 'POST', '/users', person), 201).json(), 'id')
const group = { displayName: 'victim', mailNickname: 'victim', mailEnabled: false, securityEnabled: true }
const groupId = stringAt(expectStatus(await graph(as(server, token), 'POST', '/groups', group), 201).json(), 'id')

/** Connections are kept: to open one takes longer than the answer. */
const agent = new Agent({ keepAlive: true })
after(() => agent.destroy())

function get(path: string): Promise<HttpResponse> {
  const url = `${server.baseUrl}/graph/v1.0${path}`
  return request({ url, headers: { authorization: `Bearer ${token}` }, caFile: server.caFile, agent })
}

const lists = `/users /groups /applications /servicePrincipals /roleManagement/directory/roleAssignments
  /groups/${groupId}/members /groups/${groupId}/transitiveMembers /users/${userId}/memberOf
  /applications/${principal.applicationObjectId}/federatedIdentityCredentials`.split(/\s+/)

/** Columns and properties that a filter must never be able to ask about. */
const columns =
  `password_hash passwordHash password passwordProfile passwordProfile/password passwordCredentials/secretText
   secret_hash secretText client_secret.secret_hash sealed_secret code_hash public_key der directory_role enabled
   object_id key_id keyCredentials/key __proto__ constructor hasOwnProperty`.split(/\s+/)

/** A prefix, a comparison and a length tell a hash letter by letter; the others are from the lists of sqlmap. */
const attacks: readonly ((column: string) => string)[] = [
  (column) => `startswith(${column},'$argon2id')`,
  (column) => `${column} eq '$argon2id'`,
  (column) => `${column} ge 'a'`,
  (column) => `${column}/any(s:s eq 'a')`,
  (column) => `length(${column}) gt 10`,
  (column) => `substringof('a',${column})`,
  (column) => `displayName eq 'victim' and startswith(${column},'$')`,
  (column) => `displayName eq 'victim' or ${column} ne ''`,
  (column) => `displayName eq 'victim') or (${column} like '%'`,
  (column) => `displayName eq 'victim' union select ${column} from directory_user`,
  (column) => `displayName eq 'victim'; select ${column} from directory_user --`,
  (column) => `displayName eq (select ${column} from directory_user limit 1)`,
]

/** Here a quote is doubled, so that it is a part of the name, and no entry has that name. */
const names = [
  "victim'' or ''1''=''1",
  "'' union select password_hash from directory_user --",
  "''; drop table directory_user; --",
  "'' and (select count(*) from directory_user) > 0 --",
  '%',
  '_ictim',
  'victim\\',
  'victim%00',
]

test('no filter asks about what is not in the table of filters, on any list of Graph [fault 28]', async () => {
  let asked = 0
  for (const list of lists) {
    for (const column of columns) {
      for (const attack of attacks) {
        const text = attack(column)
        const { status } = await get(`${list}?$filter=${encodeURIComponent(text)}`)
        assert.equal(status, 400, `${list}: ${text}`)
        asked += 1
      }
    }
  }
  assert.ok(asked > 1500, `${asked} filters`)
})

test('a value in a filter is a value and nothing else [fault 28]', async () => {
  for (const list of ['/users', '/groups', '/applications', '/servicePrincipals']) {
    for (const name of names) {
      for (const text of [`displayName eq '${name}'`, `startswith(displayName,'${name}')`]) {
        const answer = await get(`${list}?$filter=${encodeURIComponent(text)}`)
        assert.deepEqual(listAt(expectStatus(answer, 200).json(), 'value'), [], text)
      }
    }
    const filter = `?$filter=${encodeURIComponent("displayName eq 'victim'")}`
    const found = await get(`${list}${filter}`)
    assert.equal(listAt(expectStatus(found, 200).json(), 'value').length, 1, list)
  }
})

test('a query that orders, selects, expands, searches or counts a list is denied [fault 28]', async () => {
  const options = [
    '$orderby=password_hash',
    '$select=password_hash',
    '$expand=authentication',
    '$search="a"',
    '$count=true',
  ]
  for (const list of lists) {
    for (const option of [...options, '$apply=groupby((password_hash))', '$compute=password_hash as x', '$skip=1']) {
      const { status } = await get(`${list}?${encodeURI(option)}`)
      assert.equal(status, 400, `${list}?${option}`)
    }
  }
})
