import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { armToken } from '../harness/arm.ts'
import { codeOf, redeem, signInPerson } from '../harness/person.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { standForTenant } from '../harness/stand-in-tenant.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { assertDenied } from './endpoints.ts'
import { type EndpointName, endpointNames, allEndpoints } from './all-endpoints.ts'
import { type Audience, type KindName, assembleKinds } from './credential-kinds.ts'
import { attackerKeys, partsOf, signedBy, tampered } from './forged-token.ts'
import { openWire } from './wire.ts'

const issuer = await startTokenIssuer()
const tenant = standForTenant(issuer)
const server = await startServer({
  args: [...trustArguments(issuer), '--trusted-tenants', tenant.setting, '--identity-password-grant'],
})
const wire = openWire(server)
const { owner, servicePrincipal } = server.firstRun
const arm = 'https://management.core.windows.net/'
const path = '/v2/team/app/manifests/1'
const scope = 'repository:team/app:pull'
await pushImage(server, 'team/app', '1', basic(servicePrincipal.appId, servicePrincipal.password))
const cast = await assembleKinds(server, issuer, tenant)
const endpoints = allEndpoints({ ...cast, server, wire, path, scope })
after(async () => {
  wire.close()
  await cast.close()
  await server[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

const acrRefreshDoors: readonly EndpointName[] = ['refresh grant', 'token by Basic', 'password grant']
const acrAccessDoors: readonly EndpointName[] = ['data plane', 'version check', 'token by Basic', 'password grant']
const tokenEndpoints: Readonly<Record<Audience, readonly EndpointName[]>> = {
  ARM: ['exchange', 'management'],
  ACR: ['exchange'],
  Graph: ['directory'],
}

/** The endpoints that each kind is for. Whatever stands here twice or not at all does not compile. */
const opens: Readonly<Record<KindName, readonly EndpointName[]>> = {
  'a person’s token for ARM': tokenEndpoints.ARM,
  'a person’s token for ACR': tokenEndpoints.ACR,
  'a person’s token for Graph': tokenEndpoints.Graph,
  'a person’s ACR refresh token': acrRefreshDoors,
  'a person’s ACR access token': acrAccessDoors,
  'a program’s token for ARM': tokenEndpoints.ARM,
  'a program’s token for ACR': tokenEndpoints.ACR,
  'a program’s token for Graph': tokenEndpoints.Graph,
  'a program’s ACR refresh token': acrRefreshDoors,
  'a program’s ACR access token': acrAccessDoors,
  'a job’s token for ARM': tokenEndpoints.ARM,
  'a job’s token for ACR': tokenEndpoints.ACR,
  'a job’s token for Graph': tokenEndpoints.Graph,
  'a job’s ACR refresh token': acrRefreshDoors,
  'a job’s ACR access token': acrAccessDoors,
  'a machine’s token for ARM': tokenEndpoints.ARM,
  'a machine’s token for ACR': tokenEndpoints.ACR,
  'a machine’s token for Graph': tokenEndpoints.Graph,
  'a machine’s ACR refresh token': acrRefreshDoors,
  'a machine’s ACR access token': acrAccessDoors,
  'an identity’s token for ARM': tokenEndpoints.ARM,
  'an identity’s token for ACR': tokenEndpoints.ACR,
  'an identity’s token for Graph': tokenEndpoints.Graph,
  'an identity’s ACR refresh token': acrRefreshDoors,
  'an identity’s ACR access token': acrAccessDoors,
  'a guest’s token for ARM': ['exchange'],
  'a guest’s token for ACR': ['exchange'],
  'a guest’s token for Graph': [],
  'a guest’s ACR refresh token': acrRefreshDoors,
  'a guest’s ACR access token': acrAccessDoors,
  'a person’s token for the user info': ['user info'],
  'a person’s id token': [],
  'a person’s refresh token': ['refresh token grant'],
  'a person’s authorization code': ['code grant'],
  'a person’s password': ['resource owner grant', 'password page'],
  'the cookie of a session': ['session'],
  'the cookie of a browser': [],
  'a device code that nobody approved': [],
  'a device code that somebody approved': ['device grant'],
  'a user code': ['device page'],
  'a program’s secret': ['client secret'],
  'a job’s token of its own issuer': ['client assertion', 'exchange'],
  'a job’s token for the registry': [
    'data plane',
    'version check',
    'data plane by Basic',
    'token by Basic',
    'exchange',
    'password grant',
    'client assertion',
  ],
  'the assertion of a certificate': ['client assertion'],
  'the assertion of a machine': ['machine assertion'],
  'an enrollment code': ['enrollment'],
  'the proof of an enrollment': [],
  'the password of the admin account': [],
  'the admin account’s ACR access token': acrAccessDoors,
  'an ACR refresh token of another registry': [],
  'an ACR access token of another registry': [],
  'nothing at all': [],
}

/** Endpoints that accept no credential at all; each denies all of them. */
const acceptingNone: readonly EndpointName[] = ['exchange by refresh token', 'on behalf of']

/** Credentials that work once, so that each endpoint gets a new one. */
const usedUp: ReadonlySet<KindName> = new Set([
  'a person’s authorization code',
  'a device code that nobody approved',
  'a device code that somebody approved',
  'a user code',
  'an enrollment code',
])

test('fault 6: the table covers every kind of credential, and every endpoint accepts at least one kind unless the table says none', () => {
  assert.deepEqual([...cast.kinds.keys()].toSorted(), Object.keys(opens).toSorted())
  const opened = new Set(Object.values(opens).flat())
  assert.deepEqual(
    endpointNames.filter((name) => !opened.has(name)),
    acceptingNone,
  )
})

for (const [name, make] of cast.kinds) {
  const own = opens[name]
  test(`fault 6: ${name} is accepted by ${own.length === 0 ? 'no endpoint' : `${own.join(', ')} and no other endpoint`}`, async () => {
    const kept = usedUp.has(name) ? undefined : await make()
    for (const endpoint of Object.values(endpoints)) {
      const response = await endpoint.present(kept ?? (await make()))
      if (own.some((one) => one === endpoint.name))
        assert.equal(response.status, 200, `${endpoint.name}: ${response.text()}`)
      else assertDenied(endpoint, response, name)
    }
  })
}

test('fault 6: every endpoint denies a token with another type or another kind of principal', async () => {
  const keys = attackerKeys('RS256')
  const person = await signInPerson(server, owner, arm)
  const program = await armToken(server)
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
    for (const endpoint of Object.values(endpoints)) assertDenied(endpoint, await endpoint.present(token))
  }
})

test('fault 6: every endpoint denies the credentials of another installation', async () => {
  await using other = await startServer({ firstStart: true })
  const there = await signInPerson(other, other.firstRun.owner, arm)
  const code = await codeOf(other, other.firstRun.owner, `${arm}/.default openid`)
  for (const token of [there.access, there.id, there.refresh, code.code]) {
    for (const endpoint of Object.values(endpoints)) assertDenied(endpoint, await endpoint.present(token))
  }
  assert.equal((await redeem(other, code)).status, 200)
})
