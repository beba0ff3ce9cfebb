import assert from 'node:assert/strict'
import { arm, as, expectStatus, graph, registryId } from '../../harness/arm.ts'
import type { HttpResponse } from '../../harness/http.ts'
import { at, stringAt } from '../../harness/json.ts'
import { accessToken, askAccessToken, basic, exchange, get } from '../../harness/registry.ts'
import type { RunningServer } from '../../harness/server.ts'
import { partsOf } from '../../faults/forged-token.ts'
import { assertBasicDenied, assertManagementDenied, assertDenied, assertUnauthorizedBody } from '../denial.ts'
import { askByPassword, askExchange, grantedBy } from '../tokens.ts'

const path = '/v2/team/app/manifests/1'
/** The scope of every requested token, and the one action that is requested from the registry. */
export const pull = 'repository:team/app:pull'

/** The access that a credential gives, or a token that was obtained with it. */
export type Kind =
  /** The ACR access token at the data plane. */
  | 'bearer'
  /** A workload token as the bearer token of the data plane. */
  | 'workload bearer'
  /** The same token at `/v2/`, which needs no right. */
  | 'version check'
  /** The name and password at the data plane. */
  | 'basic'
  /** The name and password at the token endpoint, by GET and by POST. */
  | 'password'
  | 'password grant'
  /** The ACR refresh token. */
  | 'refresh'
  /** The IdP access token, or a token of another issuer. */
  | 'exchange'
  /** The IdP access tokens at the management API and the directory. */
  | 'arm'
  | 'graph'
  /** Credentials that obtain IdP access tokens: a secret, an assertion, a refresh token of the provider. */
  | 'provider'

/** All that a principal has, as requests that can be repeated. Nothing of it expires within the hour. */
export type Holding = { readonly [Each in Kind]?: (() => Promise<HttpResponse>) | undefined }

/** Why it is denied: the credential or the permission is gone, or the address is not allowed. */
export type Loss = 'credential' | 'right' | 'address'

/** The registry to which the access applies: the first registry, unless another login server is named. */
export interface Where {
  readonly loginServer: string
  readonly registry: string
}

/** The first registry of a server. */
export function firstRegistry({ firstRun: { loginServer, registry } }: RunningServer): Where {
  return { loginServer, registry }
}

/** The access that an ACR refresh token gives. */
async function byRefreshToken(server: RunningServer, refreshToken: string, where: Where): Promise<Holding> {
  const access = `Bearer ${await accessToken(server, { refreshToken }, [pull], where)}`
  return {
    refresh: () => askAccessToken(server, { refreshToken }, [pull], where),
    bearer: () => get(server, path, access, where),
    'version check': () => get(server, '/v2/', access, where),
  }
}

/** The access that a token for the exchange gives. */
export async function byExchange(
  server: RunningServer,
  token: string,
  { where = firstRegistry(server), tenant }: { where?: Where; tenant?: string } = {},
): Promise<Holding> {
  const refresh = await exchange(server, token, where, tenant)
  return {
    exchange: () => askExchange(server, token, where, tenant),
    ...(await byRefreshToken(server, refresh, where)),
  }
}

/** The access that our own IdP access tokens for ARM and for Graph give. */
export async function byIdentityTokens(
  server: RunningServer,
  identity: string,
  { graphToken, where = firstRegistry(server) }: { graphToken?: string; where?: Where } = {},
): Promise<Holding> {
  return {
    ...(await byExchange(server, identity, { where })),
    arm: () => arm(as(server, identity), 'GET', registryId(server, where.registry)),
    ...(graphToken !== undefined && { graph: () => graph(as(server, graphToken), 'GET', ownPath(identity)) }),
  }
}

/** The path of a token's own principal in the directory, which every principal can read. */
function ownPath(identity: string): string {
  const { claims } = partsOf(identity)
  return `/${claims['idtyp'] === 'user' ? 'users' : 'servicePrincipals'}/${stringAt(claims, 'oid')}`
}

/** The access that a name and a password of the data plane give. */
export async function byPassword(
  server: RunningServer,
  { username, password }: { readonly username: string; readonly password: string },
  where = firstRegistry(server),
): Promise<Holding> {
  const access = `Bearer ${await accessToken(server, { username, password }, [pull], where)}`
  return {
    basic: () => get(server, path, basic(username, password), where),
    password: () => askAccessToken(server, { username, password }, [pull], where),
    'password grant': () => askByPassword(server, { username, password }, pull, where),
    bearer: () => get(server, path, access, where),
    'version check': () => get(server, '/v2/', access, where),
  }
}

/**
 * The access that a workload token as a password gives: also a refresh token, and the data plane with the token as a
 * bearer token.
 */
export async function byWorkloadToken(
  server: RunningServer,
  credentials: { readonly username: string; readonly password: string },
): Promise<Holding> {
  const where = firstRegistry(server)
  const answer = await askByPassword(server, { ...credentials, offline: true }, pull)
  const refreshToken = stringAt(expectStatus(answer, 200).json(), 'refresh_token')
  return {
    ...(await byPassword(server, credentials)),
    ...(await byRefreshToken(server, refreshToken, where)),
    'workload bearer': () => get(server, path, `Bearer ${credentials.password}`, where),
  }
}

function granted(answer: HttpResponse): string[] {
  return Object.values(grantedBy(stringAt(expectStatus(answer, 200).json(), 'access_token'))).flat()
}

/**
 * Whether the kind requests a token with more access than its principal has: a smaller token is then not an error.
 *
 */
const issues = new Set<Kind>(['password', 'password grant', 'refresh'])

function each(holding: Holding): [Kind, () => Promise<HttpResponse>][] {
  const entries = Object.entries(holding) as [Kind, Holding[Kind]][]
  return entries.flatMap(([kind, ask]) => (ask === undefined ? [] : [[kind, ask]]))
}

/** Asserts that everything works. */
export async function assertWorks(holding: Holding): Promise<void> {
  for (const [kind, ask] of each(holding)) {
    const answer = await ask()
    assert.equal(answer.status, 200, `${kind}: ${answer.text()}`)
    if (issues.has(kind)) assert.deepEqual(granted(answer), ['pull'], kind)
  }
}

/** Asserts that everything is denied, each with the error of its surface. */
export async function assertTaken(holding: Holding, loss: Loss, { loginServer }: Where): Promise<void> {
  for (const [kind, ask] of each(holding)) {
    const answer = await ask()
    try {
      if (loss === 'credential') assertCredentialGone(kind, answer, loginServer)
      else if (loss === 'right') assertRightGone(kind, answer, loginServer)
      else assertAddressRejected(answer)
    } catch (cause) {
      throw new Error(`${kind}: ${answer.status} ${answer.text().slice(0, 300)}`, { cause })
    }
  }
}

function assertCredentialGone(kind: Kind, answer: HttpResponse, loginServer: string): void {
  switch (kind) {
    case 'bearer':
    case 'workload bearer':
      return assertDenied(answer, { loginServer, scope: pull, error: 'invalid_token' })
    case 'version check':
      return assertDenied(answer, { loginServer, error: 'invalid_token' })
    case 'basic':
      return assertBasicDenied(answer)
    case 'password':
    case 'password grant':
    case 'refresh':
    case 'exchange':
      return void assertUnauthorizedBody(answer)
    case 'arm':
    case 'graph':
      return assertManagementDenied(answer, 401, /./)
    case 'provider':
      assert.ok(answer.status === 400 || answer.status === 401)
      assert.match(stringAt(answer.json(), 'error'), /^(?:invalid_grant|invalid_client|unauthorized_client)$/)
      assert.match(stringAt(answer.json(), 'error_description'), /^AADSTS\d+: /)
      return assert.equal(at(answer.json(), 'access_token'), undefined)
  }
}

function assertRightGone(kind: Kind, answer: HttpResponse, loginServer: string): void {
  switch (kind) {
    case 'bearer':
    case 'workload bearer':
    case 'basic':
      return assertDenied(answer, { loginServer, scope: pull, error: 'insufficient_scope' })
    case 'version check':
    case 'provider':
      return assert.equal(answer.status, 200, 'needs no right')
    case 'password':
    case 'password grant':
    case 'refresh':
      if (answer.status === 200) return assert.deepEqual(granted(answer), [])
      return void assertUnauthorizedBody(answer)
    case 'exchange':
      return void assertUnauthorizedBody(answer)
    case 'arm':
    case 'graph':
      return assertManagementDenied(answer, 403, /./)
  }
}

function assertAddressRejected(answer: HttpResponse): void {
  assert.equal(answer.status, 403)
  assert.equal(at(answer.json(), 'errors', 0, 'code'), 'DENIED')
}
