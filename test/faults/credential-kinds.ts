import { createHash, createPrivateKey, createPublicKey, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  armToken,
  assignRole,
  createRegistry,
  enableAdmin,
  expectStatus,
  graph,
  principalWithRole,
  registryId,
  roles,
} from '../harness/arm.ts'
import { letReadDirectory } from '../harness/directory.ts'
import { form, request, type HttpResponse } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { type PageVisitor, type Person, pageVisitor } from '../harness/page-visitor.ts'
import { askToken, azClientId, codeOf, refreshPerson, signInPerson } from '../harness/person.ts'
import { accessToken, exchange } from '../harness/registry.ts'
import type { RunningServer } from '../harness/server.ts'
import type { StandInTenant } from '../harness/stand-in-tenant.ts'
import type { TokenIssuer } from '../harness/token-issuer.ts'
import { createIdentity, newCode, putMachine, startMachine, type RunningMachine } from '../machines/machine.ts'
import { attackerKeys, selfSignedCertificate, signedBy, timesNow, type KeyPair } from './forged-token.ts'

/**
 * The holders of tokens: people and programs, jobs of another system, machines, what is attached to them, and a
 * tenant's.
 */
export const principals = ['a person', 'a program', 'a job', 'a machine', 'an identity', 'a guest'] as const
export const audiences = ['ARM', 'ACR', 'Graph'] as const
export type Principal = (typeof principals)[number]
export type Audience = (typeof audiences)[number]

const others = [
  'a person’s token for the user info',
  'a person’s id token',
  'a person’s refresh token',
  'a person’s authorization code',
  'a person’s password',
  'the cookie of a session',
  'the cookie of a browser',
  'a device code that nobody approved',
  'a device code that somebody approved',
  'a user code',
  'a program’s secret',
  'a job’s token of its own issuer',
  'a job’s token for the registry',
  'the assertion of a certificate',
  'the assertion of a machine',
  'an enrollment code',
  'the proof of an enrollment',
  'the password of the admin account',
  'the admin account’s ACR access token',
  'an ACR refresh token of another registry',
  'an ACR access token of another registry',
  'nothing at all',
] as const

const guessable = ['a person’s password', 'an enrollment code', 'a user code'] as const

type Other = (typeof others)[number]

/** Every kind of secret that the product issues or accepts. */
export type KindName =
  `${Principal}’s token for ${Audience}` | `${Principal}’s ACR ${'refresh' | 'access'} token` | Other

const arm = 'https://management.core.windows.net/'
const resources = {
  ARM: arm,
  ACR: 'https://containerregistry.azure.net',
  Graph: 'https://graph.microsoft.com',
} as const
const audience = 'api://AzureADTokenExchange'
const subject = 'repo:octo/app:ref:refs/heads/main'
const subjectHere = 'repo:octo/app:environment:registry'
const scope = 'repository:team/app:pull'

async function tokenBy(server: RunningServer, fields: Record<string, string>): Promise<string> {
  return stringAt(expectStatus(await askToken(server, fields), 200).json(), 'access_token')
}

async function startDevice(server: RunningServer): Promise<HttpResponse> {
  const url = `${server.baseUrl}/organizations/oauth2/v2.0/devicecode`
  const fields = { client_id: azClientId, scope: `${arm}/.default openid` }
  return expectStatus(await request({ method: 'POST', url, caFile: server.caFile, ...form(fields) }), 200)
}

/** An application that authenticates with the tokens of an issuer, and by a certificate. */
async function createJob(server: RunningServer, issuer: TokenIssuer, keys: KeyPair) {
  const job = await principalWithRole(server, 'job', roles.acrPush)
  const application = `/applications/${job.applicationObjectId}`
  for (const trust of [
    { name: 'main', issuer: issuer.origin, subject, audiences: [audience] },
    { name: 'registry', issuer: issuer.origin, subject: subjectHere, audiences: [server.firstRun.loginServer] },
  ]) {
    expectStatus(await graph(server, 'POST', `${application}/federatedIdentityCredentials`, trust), 201)
  }
  const dayMs = 24 * 3600_000
  const key = selfSignedCertificate(keys, new Date(Date.now() - dayMs), new Date(Date.now() + 90 * dayMs))
  const keyCredentials = [{ type: 'AsymmetricX509Cert', usage: 'Verify', key }]
  expectStatus(await graph(server, 'PATCH', application, { keyCredentials }), 204)
  const x5t = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64url')
  return { ...job, x5t }
}

/** What a machine signs with its key. */
function machineProofsOf({ stateDir, own }: RunningMachine) {
  const state: unknown = JSON.parse(readFileSync(join(stateDir, 'machine.json'), 'utf8'))
  const privateKey = createPrivateKey(stringAt(state, 'privateKey'))
  const keys = { privateKey, publicKey: createPublicKey(privateKey) }
  const { kty, crv, x, y } = keys.publicKey.export({ format: 'jwk' })
  const header = { alg: 'ES256', typ: 'acrux-machine+jwt', kid: stringAt(state, 'keyId') }
  return {
    assertion: (): string => {
      const named = { iss: own.clientId, sub: own.clientId, aud: stringAt(state, 'tokenEndpoint') }
      return signedBy(keys, header, { ...named, ...timesNow() })
    },
    enrollment: (code: string): string => {
      const code_sha256 = createHash('sha256').update(code).digest('base64url')
      return signedBy(keys, { alg: 'ES256', typ: 'acrux-enroll+jwt', jwk: { kty, crv, x, y } }, { code_sha256 })
    },
  }
}

async function createPerson(server: RunningServer, name: string): Promise<Person> {
  const userPrincipalName = `${name}@${server.firstRun.owner.userPrincipalName.split('@')[1]}`
  const password = `the long password of ${name}`
  const passwordProfile = { password, forceChangePasswordNextSignIn: false }
  const user = { accountEnabled: true, displayName: name, userPrincipalName, passwordProfile }
  expectStatus(await graph(server, 'POST', '/users', user), 201)
  return { userPrincipalName, password }
}

/** The browser of a person who is signed in to their account. */
async function signedInVisitor(server: RunningServer, { userPrincipalName, password }: Person): Promise<PageVisitor> {
  const visitor = pageVisitor(server)
  const page = await visitor.open('/account/sign-ins')
  if ('location' in page) throw new Error('the account leads elsewhere')
  await visitor.submit(page, { username: userPrincipalName, password })
  return visitor
}

/** All callers with a credential, each with every permission that an endpoint requires. */
async function assemble(server: RunningServer, issuer: TokenIssuer) {
  const certificateKeys = attackerKeys('RS256')
  const job = await createJob(server, issuer, certificateKeys)
  const identity = await createIdentity(server, 'deploy')
  const machine = await startMachine(server, 'build-1', [identity])
  await putMachine(server, 'build-2')
  const guest = randomUUID()
  for (const objectId of [identity.objectId, machine.own.objectId, guest]) {
    await assignRole(server, objectId, roles.acrPull, registryId(server))
  }
  for (const principalId of [identity.objectId, machine.own.objectId, job.objectId]) {
    await letReadDirectory(server, principalId)
  }
  return {
    certificateKeys,
    job,
    identity,
    machine,
    machineProofs: machineProofsOf(machine),
    guest,
    eve: await createPerson(server, 'eve'),
    signedIn: await signInPerson(server, server.firstRun.owner, arm),
    visitor: await signedInVisitor(server, server.firstRun.owner),
    admin: await enableAdmin(server),
    other: await createRegistry(server, 'second'),
  }
}

type Cast = Awaited<ReturnType<typeof assemble>>

const jobToken = (issuer: TokenIssuer): string => issuer.token({ sub: subject, aud: audience })

/** How each principal gets a token for a resource. */
function identityTokens(
  server: RunningServer,
  issuer: TokenIssuer,
  tenant: StandInTenant,
  { signedIn, job, identity, machine, guest }: Cast,
): Record<Principal, (resource: string) => Promise<string>> {
  const jobFields = (resource: string): Record<string, string> => ({
    grant_type: 'client_credentials',
    client_id: job.appId,
    scope: `${resource}/.default`,
    client_assertion: jobToken(issuer),
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  })
  const guestClaims = { oid: guest, sub: guest, idtyp: 'app', appid: azClientId }
  return {
    'a person': (resource) => refreshPerson(server, signedIn.refresh, `${resource}/.default openid`),
    'a program': (resource) => armToken(server, server.firstRun.servicePrincipal, `${resource}/.default`),
    'a job': (resource) => tokenBy(server, jobFields(resource)),
    'a machine': (resource) => machine.token(`&object_id=${machine.own.objectId}`, resource),
    'an identity': (resource) => machine.token(`&client_id=${identity.clientId}`, resource),
    'a guest': async (resource) => tenant.token({ ...guestClaims, aud: resource }),
  }
}

type Make = () => Promise<string>

/** The codes that a browser and a device get before a token. */
function browserKinds(server: RunningServer, { visitor }: Cast, tellVerifier: (verifier: string) => void) {
  const { owner } = server.firstRun
  return {
    'a person’s authorization code': async () => {
      const { code, verifier } = await codeOf(server, owner, `${arm}/.default openid`)
      tellVerifier(verifier)
      return code
    },
    'the cookie of a session': async () => visitor.cookies.get('__Host-acrux-session') ?? '',
    'the cookie of a browser': async () => visitor.cookies.get('__Host-acrux-browser') ?? '',
    'a device code that nobody approved': async () => stringAt((await startDevice(server)).json(), 'device_code'),
    'a device code that somebody approved': async () => {
      const device = (await startDevice(server)).json()
      const approver = pageVisitor(server)
      await approver.signIn(await approver.open(`/devicelogin?user_code=${stringAt(device, 'user_code')}`), owner)
      return stringAt(device, 'device_code')
    },
    'a user code': async () => stringAt((await startDevice(server)).json(), 'user_code'),
  } satisfies Partial<Record<Other, Make>>
}

/**
 * Creates the credentials that are sent to every endpoint, each kind in the way in which people and programs get it.
 *
 */
export async function assembleKinds(server: RunningServer, issuer: TokenIssuer, tenant: StandInTenant) {
  const { tenantId, servicePrincipal: program } = server.firstRun
  const cast = await assemble(server, issuer)
  const { signedIn, job, machineProofs, eve, admin, other } = cast
  const tokenOf = identityTokens(server, issuer, tenant, cast)
  const refreshThere = await exchange(server, await tokenOf['a program'](arm), other)
  const assertion = { iss: job.appId, sub: job.appId, aud: `${server.baseUrl}/${tenantId}/oauth2/v2.0/token` }
  let verifier = ''
  const made: Record<Other, Make> = {
    ...browserKinds(server, cast, (made) => (verifier = made)),
    'a person’s token for the user info': () => refreshPerson(server, signedIn.refresh, 'openid profile'),
    'a person’s id token': async () => signedIn.id,
    'a person’s refresh token': async () => signedIn.refresh,
    'a person’s password': async () => eve.password,
    'a program’s secret': async () => program.password,
    'a job’s token of its own issuer': async () => jobToken(issuer),
    'a job’s token for the registry': async () => issuer.token({ sub: subjectHere, aud: server.firstRun.loginServer }),
    'the assertion of a certificate': async () =>
      signedBy(
        cast.certificateKeys,
        { alg: 'RS256', typ: 'JWT', 'x5t#S256': job.x5t },
        { ...assertion, ...timesNow() },
      ),
    'the assertion of a machine': async () => machineProofs.assertion(),
    'an enrollment code': () => newCode(server, 'build-2'),
    'the proof of an enrollment': async () => machineProofs.enrollment(await newCode(server, 'build-2')),
    'the password of the admin account': async () => admin.password,
    'the admin account’s ACR access token': () => accessToken(server, admin, [scope]),
    'an ACR refresh token of another registry': async () => refreshThere,
    'an ACR access token of another registry': () =>
      accessToken(server, { refreshToken: refreshThere }, [scope], other),
    'nothing at all': async () => '',
  }
  // First the guesses at endpoints with a limit of guesses.
  const kinds = new Map<KindName, Make>(guessable.map((name) => [name, made[name]]))
  for (const name of others) kinds.set(name, made[name])
  for (const principal of principals) {
    const home = principal === 'a guest' ? tenant.tenantId : tenantId
    const refresh = async (): Promise<string> => exchange(server, await tokenOf[principal](arm), {}, home)
    for (const name of audiences)
      kinds.set(`${principal}’s token for ${name}`, () => tokenOf[principal](resources[name]))
    kinds.set(`${principal}’s ACR refresh token`, refresh)
    kinds.set(`${principal}’s ACR access token`, async () =>
      accessToken(server, { refreshToken: await refresh() }, [scope]),
    )
  }
  return {
    kinds,
    program,
    job,
    machine: cast.machine.own,
    person: eve,
    enrollmentProof: machineProofs.enrollment,
    verifier: () => verifier,
    close: async () => cast.machine[Symbol.asyncDispose](),
  }
}
