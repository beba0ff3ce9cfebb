import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { armToken, enableAdmin } from '../harness/arm.ts'
import { form, request, type HttpResponse } from '../harness/http.ts'
import { at, stringAt } from '../harness/json.ts'
import { azClientId, askToken, codeOf, redeem, refreshPerson, signInPerson } from '../harness/person.ts'
import { accessToken, basic, exchange, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { type Door, assertShutAt, doorsOf } from './doors.ts'
import { attackerKeys, partsOf, signedBy, tampered } from './forged-token.ts'
import { openWire } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { owner, servicePrincipal } = server.firstRun
const scope = 'repository:team/app:pull'
const arm = 'https://management.core.windows.net/'
const acr = 'https://containerregistry.azure.net'
const graph = `${server.baseUrl}/graph/`
await pushImage(server, 'team/app', '1', basic(servicePrincipal.appId, servicePrincipal.password))

/** The provider's own doors: a refusal there is OAuth's, and holds no token. */
function assertProviderShut(response: HttpResponse): void {
  assert.ok(response.status === 400 || response.status === 401, `status ${response.status}`)
  const body = response.json()
  assert.ok(stringAt(body, 'error').length > 0)
  for (const name of ['access_token', 'id_token', 'refresh_token', 'sub']) assert.equal(at(body, name), undefined)
}

/** What redeems the code that was made last. */
let verifier = ''

function providerDoors(): Record<string, Door> {
  const redirect_uri = 'http://localhost:36805'
  const az = { client_id: azClientId, scope: `${arm}/.default openid` }
  const program = { grant_type: 'client_credentials', client_id: servicePrincipal.appId, scope: `${arm}/.default` }
  const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  const device = 'urn:ietf:params:oauth:grant-type:device_code'
  const knocks: Record<string, Door['knock']> = {
    'user info': (token) =>
      request({
        url: `${server.baseUrl}/oidc/userinfo`,
        caFile: server.caFile,
        headers: { authorization: `Bearer ${token}` },
      }),
    'refresh token grant': (token) => askToken(server, { ...az, grant_type: 'refresh_token', refresh_token: token }),
    'code grant': (token) =>
      askToken(server, { ...az, grant_type: 'authorization_code', code: token, redirect_uri, code_verifier: verifier }),
    'device grant': (token) => askToken(server, { ...az, grant_type: device, device_code: token }),
    'client secret': (token) => askToken(server, { ...program, client_secret: token }),
    'client assertion': (token) => askToken(server, { ...program, client_assertion: token, client_assertion_type }),
  }
  return Object.fromEntries(
    Object.entries(knocks).map(([name, knock]) => [name, { name, knock, assertShut: assertProviderShut }]),
  )
}

const doors = { ...doorsOf(server, wire, '/v2/team/app/manifests/1', scope), ...providerDoors() }
const identityDoors = ['exchange', 'management']
const acrRefreshDoors = ['refresh grant', 'token by Basic', 'password grant']
const acrAccessDoors = ['data plane', 'version check', 'token by Basic', 'password grant']

/** A kind of token: how one is made, and the doors that it is for. What is used up by being shown is made anew for each. */
interface Kind {
  readonly make: () => Promise<string>
  readonly opens: readonly string[]
  readonly once?: boolean
}

async function startDevice(): Promise<HttpResponse> {
  const url = `${server.baseUrl}/organizations/oauth2/v2.0/devicecode`
  const fields = { client_id: azClientId, scope: `${arm}/.default openid` }
  return request({ method: 'POST', url, caFile: server.caFile, ...form(fields) })
}

const person = await signInPerson(server, owner, arm)
const program = await armToken(server, servicePrincipal)
const personRefresh = await exchange(server, person.access)
const programRefresh = await exchange(server, program)
const admin = await enableAdmin(server)

const kinds: Readonly<Record<string, Kind>> = {
  "a person's token for ARM": { make: async () => person.access, opens: identityDoors },
  "a person's token for ACR": {
    make: () => refreshPerson(server, person.refresh, `${acr}/.default openid`),
    opens: ['exchange'],
  },
  "a person's token for Graph": {
    make: () => refreshPerson(server, person.refresh, `${graph}/.default openid`),
    opens: ['directory'],
  },
  "a person's token for the user info": {
    make: () => refreshPerson(server, person.refresh, 'openid profile'),
    opens: ['user info'],
  },
  "a person's id_token": { make: async () => person.id, opens: [] },
  "a person's refresh token": { make: async () => person.refresh, opens: ['refresh token grant'] },
  "a person's authorization code": {
    make: async () => {
      const made = await codeOf(server, owner, `${arm}/.default openid`)
      verifier = made.verifier
      return made.code
    },
    opens: ['code grant'],
    once: true,
  },
  'a device code': { make: async () => stringAt((await startDevice()).json(), 'device_code'), opens: [] },
  'a user code': { make: async () => stringAt((await startDevice()).json(), 'user_code'), opens: [] },
  "a person's password": { make: async () => owner.password, opens: [] },
  "a person's ACR refresh token": { make: async () => personRefresh, opens: acrRefreshDoors },
  "a person's ACR access token": {
    make: () => accessToken(server, { refreshToken: personRefresh }, [scope]),
    opens: acrAccessDoors,
  },
  "a program's token for ARM": { make: async () => program, opens: identityDoors },
  "a program's token for ACR": {
    make: () => armToken(server, servicePrincipal, `${acr}/.default`),
    opens: ['exchange'],
  },
  "a program's token for Graph": {
    make: () => armToken(server, servicePrincipal, `${graph}/.default`),
    opens: ['directory'],
  },
  "a program's secret": { make: async () => servicePrincipal.password, opens: ['client secret'] },
  "a program's ACR refresh token": { make: async () => programRefresh, opens: acrRefreshDoors },
  "a program's ACR access token": {
    make: () => accessToken(server, { refreshToken: programRefresh }, [scope]),
    opens: acrAccessDoors,
  },
  "the admin account's password": { make: async () => admin.password, opens: [] },
}

for (const [name, { make, opens, once = false }] of Object.entries(kinds)) {
  test(`fault 6: ${name} opens ${opens.length === 0 ? 'no door at all' : `${opens.join(', ')}, and nothing else`}`, async () => {
    const kept = once ? undefined : await make()
    for (const door of Object.values(doors)) {
      const response = await door.knock(kept ?? (await make()))
      if (opens.includes(door.name)) assert.equal(response.status, 200, `${door.name}: ${response.text()}`)
      else assertShutAt(door, response, name)
    }
  })
}

test('fault 6: a token whose type, or whose kind of principal, is swapped opens nothing', async () => {
  const keys = attackerKeys('RS256')
  const { header, claims } = partsOf(person.access)
  const forged = [
    tampered(person.id, { typ: 'at+jwt' }),
    tampered(person.id, { typ: 'at+jwt' }, { aud: arm }),
    tampered(person.access, { typ: 'JWT' }),
    tampered(person.access, {}, { idtyp: 'app' }),
    tampered(program, {}, { idtyp: 'user', scp: 'user_impersonation' }),
    signedBy(keys, header, claims),
    signedBy(keys, { ...header, typ: 'JWT' }, claims),
  ]
  for (const token of forged) {
    for (const door of Object.values(doors)) assertShutAt(door, await door.knock(token))
  }
})

test('fault 6: what one installation gave opens nothing at another', async () => {
  await using other = await startServer()
  const there = await signInPerson(other, other.firstRun.owner, arm)
  const code = await codeOf(other, other.firstRun.owner, `${arm}/.default openid`)
  ;({ verifier } = code)
  for (const token of [there.access, there.id, there.refresh, code.code]) {
    for (const door of Object.values(doors)) assertShutAt(door, await door.knock(token))
  }
  assert.equal((await redeem(other, code)).status, 200)
})
