import { createHmac, randomUUID } from 'node:crypto'
import { armScope, as, assignRole, expectStatus, graph, registryId, roles } from '../../harness/arm.ts'
import { letReadDirectory } from '../../harness/directory.ts'
import { listAt, stringAt } from '../../harness/json.ts'
import { pageVisitor, type Elsewhere, type Page, type PageVisitor } from '../../harness/page-visitor.ts'
import { askToken, azClientId, codeOf, redeem, type WayThrough } from '../../harness/person.ts'
import type { RunningServer } from '../../harness/server.ts'
import type { Given, Revocation } from './case.ts'
import { byIdentityTokens, type Holding } from './held.ts'

const password = 'tidal lantern 7 quilt'
const newPassword = 'seven brass kettles'

interface Made {
  readonly userPrincipalName: string
  readonly objectId: string
  readonly graphToken: string
}

/** A person who may read the registry. */
async function newReader(server: RunningServer): Promise<Omit<Made, 'graphToken'>> {
  const userPrincipalName = `p-${randomUUID()}@contoso.example`
  const body = { accountEnabled: true, displayName: 'Person', userPrincipalName, passwordProfile: { password } }
  const objectId = stringAt(expectStatus(await graph(server, 'POST', '/users', body), 201).json(), 'id')
  await assignRole(server, { id: objectId, type: 'User' }, roles.reader, registryId(server))
  return { userPrincipalName, objectId }
}

/** Signs a person in to az or another application, and returns the token for ARM and the refresh token. */
async function signIn(server: RunningServer, username: string, clientId: string) {
  const asked = { client_id: clientId, scope: `${armScope} openid offline_access` }
  const fields = { ...asked, grant_type: 'password', username, password }
  const signedIn = expectStatus(await askToken(server, fields), 200).json()
  const refresh_token = stringAt(signedIn, 'refresh_token')
  const refresh = (scope: string) => askToken(server, { ...asked, scope, grant_type: 'refresh_token', refresh_token })
  return { identity: stringAt(signedIn, 'access_token'), refresh }
}

/** A person who may read the registry, and all access that their sign-in to az gives. */
export async function person(server: RunningServer): Promise<Made & { held: Holding }> {
  const made = await newReader(server)
  const { identity, refresh } = await signIn(server, made.userPrincipalName, azClientId)
  const forGraph = expectStatus(await refresh(`${server.baseUrl}/graph//.default`), 200).json()
  const graphToken = stringAt(forGraph, 'access_token')
  const tokens = await byIdentityTokens(server, identity, { graphToken })
  return { ...made, graphToken, held: { provider: () => refresh(armScope), ...tokens } }
}

/** A person who signed in to an application of the directory, which is then removed. */
async function personOfApplication(
  server: RunningServer,
  take: (made: { readonly id: string; readonly principalId: string }) => Promise<unknown>,
): Promise<Given> {
  const body = { displayName: 'app', isFallbackPublicClient: true }
  const application = expectStatus(await graph(server, 'POST', '/applications', body), 201).json()
  const appId = stringAt(application, 'appId')
  const principal = expectStatus(await graph(server, 'POST', '/servicePrincipals', { appId }), 201).json()
  const { userPrincipalName } = await newReader(server)
  const { identity, refresh } = await signIn(server, userPrincipalName, appId)
  const other = await signIn(server, userPrincipalName, azClientId)
  return {
    held: { provider: () => refresh(armScope), ...(await byIdentityTokens(server, identity)) },
    kept: await byIdentityTokens(server, other.identity),
    take: () => take({ id: stringAt(application, 'id'), principalId: stringAt(principal, 'id') }),
  }
}

function requirePage(page: Page | Elsewhere): Page {
  if ('location' in page) throw new Error(`sent to ${page.location.href}`)
  return page
}

/** A browser in which a person is signed in to their account. */
async function browserOf(
  server: RunningServer,
  { userPrincipalName }: Pick<Made, 'userPrincipalName'>,
): Promise<PageVisitor> {
  const visitor = pageVisitor(server)
  const page = requirePage(await visitor.open('/account/sign-ins'))
  await visitor.submit(page, { username: userPrincipalName, password })
  return visitor
}

/** The code of an authenticator app at a moment. [RFC 6238] */
function totp(secret: string, nowMs: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = Array.from(secret, (letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(nowMs / 30_000)))
  const mac = createHmac('sha1', key).update(counter).digest()
  const offset = (mac.at(-1) ?? 0) & 15
  return String((mac.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, '0')
}

/** Sets up an authenticator app for a person on the pages of their account. Returns the recovery codes. */
async function setUpApp(server: RunningServer, made: Pick<Made, 'userPrincipalName'>): Promise<string[]> {
  const visitor = await browserOf(server, made)
  const security = requirePage(await visitor.open('/account/security'))
  const shown = requirePage(await visitor.submit(security, {}, '/account/security/authenticator/new'))
  const secret = /<p class="secret">([A-Z2-7 ]+)<\/p>/.exec(shown.html)?.[1]?.replaceAll(' ', '') ?? ''
  const code = totp(secret, Date.now())
  const done = requirePage(await visitor.submit(shown, { code }, '/account/security/authenticator'))
  if (!/recovery codes/i.test(done.html)) throw new Error('the app was not taken')
  return [...done.html.matchAll(/<code>([a-z0-9-]+)<\/code>/g)].map(([, recoveryCode = '']) => recoveryCode)
}

/** Signs in by password and recovery code, as a person with an authenticator app can. */
const byRecoveryCode =
  ({ userPrincipalName }: Pick<Made, 'userPrincipalName'>, recoveryCode: string): WayThrough =>
  async (visitor, start) => {
    const asked = requirePage(await visitor.submit(requirePage(start), { username: userPrincipalName, password }))
    const [, link = ''] = /href="(\/sign-in\/recovery[^"]*)"/.exec(asked.html) ?? []
    const page = requirePage(await visitor.open(link))
    const confirm = requirePage(await visitor.submit(page, { code: recoveryCode }))
    return visitor.submit(confirm, { decision: 'accept' })
  }

/** A person with an authenticator app, and what a sign-in with a second factor leads to. */
async function personWithApp(server: RunningServer, take: (made: Pick<Made, 'objectId'>) => Promise<unknown>) {
  const made = await newReader(server)
  const [first = '', second = ''] = await setUpApp(server, made)
  const scope = `${armScope} openid offline_access`
  const signedIn = await redeem(server, await codeOf(server, byRecoveryCode(made, first), scope))
  const tokens = expectStatus(signedIn, 200).json()
  const asked = { client_id: azClientId, scope, grant_type: 'refresh_token' }
  const refresh_token = stringAt(tokens, 'refresh_token')
  const held = {
    provider: () => askToken(server, { ...asked, refresh_token }),
    ...(await byIdentityTokens(server, stringAt(tokens, 'access_token'))),
  }
  const code = await codeOf(server, byRecoveryCode(made, second), scope)
  return { held, once: { provider: () => redeem(server, code) }, take: () => take(made) }
}

/** A person who reads the directory, by a role that is then removed. */
async function reader(server: RunningServer): Promise<Given> {
  const { objectId, graphToken } = await person(server)
  const path = `/roleManagement/directory/roleAssignments/${await letReadDirectory(server, objectId)}`
  return {
    held: {
      graph: () => graph(as(server, graphToken), 'GET', `/users/${server.firstRun.owner.userPrincipalName}`),
    },
    take: async () => expectStatus(await graph(server, 'DELETE', path), 204),
  }
}

/** Ends the sign-ins of a person one by one. */
async function endSignIns(server: RunningServer, objectId: string): Promise<void> {
  const path = `/users/${objectId}/signInSessions`
  for (const signIn of listAt(expectStatus(await graph(server, 'GET', path), 200).json(), 'value')) {
    expectStatus(await graph(server, 'DELETE', `${path}/${stringAt(signIn, 'id')}`), 204)
  }
}

/** People by their sign-ins to an application, and what revokes those. */
function applicationRevocations(server: RunningServer): Revocation[] {
  return [
    {
      when: 'the application that a person signed in to is disabled',
      fields: ['service_principal.enabled', 'sign_in'],
      loss: 'credential',
      give: () =>
        personOfApplication(server, async ({ principalId }) =>
          expectStatus(
            await graph(server, 'PATCH', `/servicePrincipals/${principalId}`, { accountEnabled: false }),
            204,
          ),
        ),
    },
    {
      when: 'the application that a person signed in to is deleted',
      fields: ['application', 'application_owner', 'service_principal', 'sign_in'],
      loss: 'credential',
      give: () =>
        personOfApplication(server, async ({ id }) =>
          expectStatus(await graph(server, 'DELETE', `/applications/${id}`), 204),
        ),
    },
  ]
}

/** People by their sign-ins, and what ends those. */
export function peopleRevocations(server: RunningServer): Revocation[] {
  const one = (when: string, fields: readonly string[], take: (made: Made) => Promise<unknown>): Revocation => ({
    when,
    fields,
    loss: 'credential',
    give: async () => {
      const { held, ...made } = await person(server)
      const account = { userPrincipalName: made.userPrincipalName, password }
      const code = await codeOf(server, account, `${armScope} openid offline_access`)
      return { held, once: { provider: () => redeem(server, code) }, take: () => take(made) }
    },
  })
  const patch =
    (change: object) =>
    async ({ objectId }: Made) =>
      expectStatus(await graph(server, 'PATCH', `/users/${objectId}`, change), 204)
  const signedOut = ['directory_user.proof_revision', 'sign_in']
  const reset = [...signedOut, 'directory_user.password_hash']
  const forced = 'directory_user.must_change_password'
  return [
    {
      when: 'a person reads the directory no more',
      fields: ['directory_user.directory_role'],
      loss: 'right',
      give: () => reader(server),
    },
    ...applicationRevocations(server),
    one('an owner signs a person out everywhere', signedOut, async ({ objectId }) =>
      expectStatus(await graph(server, 'POST', `/users/${objectId}/revokeSignInSessions`), 200),
    ),
    one('a person signs out everywhere', signedOut, async ({ graphToken }) =>
      expectStatus(await graph(as(server, graphToken), 'POST', '/me/revokeSignInSessions'), 200),
    ),
    one('a person changes the password', reset, async ({ graphToken }) => {
      const body = { currentPassword: password, newPassword }
      return expectStatus(await graph(as(server, graphToken), 'POST', '/me/changePassword', body), 204)
    }),
    one(
      'an owner resets the password of a person',
      reset,
      patch({ passwordProfile: { password: newPassword, forceChangePasswordNextSignIn: false } }),
    ),
    one(
      'a person has to change the password',
      [...signedOut, forced],
      patch({ passwordProfile: { forceChangePasswordNextSignIn: true } }),
    ),
    one('a person is disabled', [...signedOut, 'directory_user.enabled'], patch({ accountEnabled: false })),
    one('a person is deleted', ['directory_user', 'role_assignment', 'sign_in'], async ({ objectId }) =>
      expectStatus(await graph(server, 'DELETE', `/users/${objectId}`), 204),
    ),
    one('a person who signed in by password alone sets an authenticator app up', ['sign_in'], (made) =>
      setUpApp(server, made),
    ),
    one('an owner creates a one-time link for a person', [...reset, forced], async ({ objectId }) =>
      expectStatus(await graph(server, 'POST', `/users/${objectId}/authentication/oneTimeLinks`, {}), 201),
    ),
    {
      when: 'an owner ends one sign-in of a person',
      fields: ['sign_in'],
      loss: 'credential',
      give: async () => {
        const { held, objectId } = await person(server)
        return { held, take: () => endSignIns(server, objectId) }
      },
    },
    {
      when: 'an owner takes the authenticator app of a person away',
      fields: [...signedOut, 'totp', 'recovery_code'],
      loss: 'credential',
      give: () =>
        personWithApp(server, async ({ objectId }) => {
          const path = `/users/${objectId}/authentication/softwareOathMethods/6c65746f-7470-4f74-b000-000000000001`
          return expectStatus(await graph(server, 'DELETE', path), 204)
        }),
    },
  ]
}
