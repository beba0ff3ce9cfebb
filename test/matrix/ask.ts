import { Agent } from 'node:https'
import { randomUUID } from 'node:crypto'
import { arm, expectStatus, registryId } from '../harness/arm.ts'
import { form, request, type HttpRequest } from '../harness/http.ts'
import { basic, pushImage, type PushedImage } from '../harness/registry.ts'
import type { RunningServer } from '../harness/server.ts'
import { dataPlaneAuthorization, type Audience, type Caller } from './callers.ts'
import type { Route } from './routes.ts'

/** A setting of the registry under which every route is requested. */
export interface Setting {
  readonly roleAssignmentMode: 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'
  readonly anonymousPullEnabled: boolean
}

/**
 * An existing repository, and one that does not exist: writes and deletes name the latter, so that nothing changes.
 *
 */
const present = 'team/app'
const absent = 'team/none'
const scopes = [present, absent].map(
  (name) => `repository:${name}:*,metadata_read,metadata_write,deleted_read,deleted_restore`,
)
const catalogs = ['registry:catalog:*', 'registry:deleted_catalog:*', 'registry:repositories:*']

const agent = new Agent({ keepAlive: true })

/** The kind of token that the surface of a route accepts. */
function audienceOf({ surface, path }: Route): Audience | 'token-service' | 'provider' {
  if (surface === 'registry' || surface === 'graph') return surface
  if (surface === 'token') return 'token-service'
  if (path === '/oidc/userinfo') return 'userinfo'
  return surface === 'management' ? 'arm' : 'provider'
}

/** Fills in the parameters of a path: with existing names for reads, and with names that do not exist for writes. */
function pathOf({ method, path, surface }: Route, { firstRun }: RunningServer, image: PushedImage): string {
  const reads = method === 'GET' || method === 'HEAD'
  const nowhere = randomUUID()
  const blob = image.layers[0]?.digest ?? ''
  const values: Readonly<Record<string, string>> = {
    tenant: firstRun.tenantId,
    subscriptionId: firstRun.subscriptionId,
    resourceGroup: reads ? firstRun.resourceGroup : 'nowhere',
    registry: reads ? firstRun.registry : 'nowhere01',
    reference: reads ? '1' : 'none',
    tag: reads ? '1' : 'none',
    digest: path.includes('/blobs/') ? blob : image.digest,
    id: nowhere,
    name: nowhere,
  }
  return path.replaceAll(/\{([A-Za-z]+)\}/g, (_match, name: string) => {
    if (surface === 'registry' && name === 'name') return reads ? present : absent
    return values[name] ?? 'nowhere'
  })
}

/** The response to one request. */
export interface Answer {
  readonly status: number
  readonly correlationId: string | undefined
  /** Whether the request had a credential, in its header or in its form. */
  readonly showsCredential: boolean
}

/** Asks routes as callers. */
export interface Asking {
  /** Configures the registry, and gets new tokens for all callers: a change of the mode revokes the earlier ones. */
  begin(setting: Setting, callers: readonly Caller[]): Promise<void>
  answerTo(route: Route, caller: Caller): Promise<Answer>
}

let asked = 0

/** A different address for each request: limits are per network, and no request here may be throttled. */
function nextAddress(): string {
  asked += 1
  return `10.${(asked >> 16) & 255}.${(asked >> 8) & 255}.${asked & 255}`
}

type Tokens = { readonly [Kind in Audience | 'dataPlane']: string | undefined }

/** What a request presents: headers, and a body if the method sends one. */
type Presented = Pick<HttpRequest, 'body' | 'headers'>

/** Pushes the image that is read, and returns a function that sends requests. */
export async function openAsking(server: RunningServer): Promise<Asking> {
  const { appId, password } = server.firstRun.servicePrincipal
  return new Requests(server, await pushImage(server, present, '1', basic(appId, password)))
}

class Requests implements Asking {
  readonly #server: RunningServer
  readonly #image: PushedImage
  readonly #service: string
  #tokens = new Map<Caller, Tokens>()

  constructor(server: RunningServer, image: PushedImage) {
    this.#server = server
    this.#image = image
    this.#service = server.firstRun.loginServer
  }

  async begin(setting: Setting, callers: readonly Caller[]): Promise<void> {
    const server = this.#server
    expectStatus(await arm(server, 'PATCH', registryId(server), { properties: setting }), 200, 201)
    this.#tokens = new Map()
    for (const caller of callers) this.#tokens.set(caller, await tokensOf(server, caller))
  }

  async answerTo(route: Route, caller: Caller): Promise<Answer> {
    const server = this.#server
    const tokens = this.#tokens.get(caller) ?? (await tokensOf(server, caller))
    this.#tokens.set(caller, tokens)
    const { headers, body } = await this.#presented(route, caller, tokens)
    const { status, headers: answered } = await request({
      method: route.method,
      url: this.#urlOf(route),
      agent,
      caFile: server.caFile,
      headers: { ...headers, 'x-forwarded-for': nextAddress() },
      ...(body !== undefined && { body }),
    })
    // After the signing keys were withdrawn, all callers need new tokens.
    if (route.path.endsWith('/withdrawSigningKeys') && status < 300) this.#tokens.clear()
    // A caller that signed out everywhere signs in again.
    if (route.path.endsWith('/me/revokeSignInSessions') && status < 300) this.#tokens.delete(caller)
    const correlationId = answered['x-ms-correlation-request-id']
    return {
      status,
      correlationId: typeof correlationId === 'string' ? correlationId : undefined,
      showsCredential: headers?.['authorization'] !== undefined || audienceOf(route) === 'token-service',
    }
  }

  #urlOf(route: Route): URL {
    const url = new URL(pathOf(route, this.#server, this.#image), this.#server.baseUrl)
    if (audienceOf(route) === 'arm') url.searchParams.set('api-version', '2025-03-01-preview')
    if (route.path === '/oauth2/token') {
      url.search = new URLSearchParams({ service: this.#service, scope: scopes[0] ?? '' }).toString()
    }
    return url
  }

  async #presented(route: Route, caller: Caller, tokens: Tokens): Promise<Presented> {
    const writes = route.method !== 'GET' && route.method !== 'HEAD'
    const audience = audienceOf(route)
    switch (audience) {
      case 'token-service':
        return writes ? await this.#credentialForm(route, caller, tokens) : { headers: authorized(caller.basic) }
      case 'registry':
        return { headers: authorized(tokens.dataPlane), ...(writes && { body: '' }) }
      case 'arm':
      case 'graph': {
        const headers = authorized(bearer(tokens[audience]))
        return writes ? { headers: { ...headers, 'content-type': 'application/json' }, body: '{}' } : { headers }
      }
      case 'userinfo':
      case 'provider': {
        const headers = authorized(bearer(audience === 'userinfo' ? tokens.userinfo : tokens.graph))
        return writes ? { ...form({}), headers: { ...headers, ...form({}).headers } } : { headers }
      }
    }
  }

  /** A request of the token service has its credential in its form. */
  async #credentialForm(route: Route, caller: Caller, tokens: Tokens): Promise<Presented> {
    const common = { service: this.#service, scope: `repository:${present}:pull` }
    if (route.path === '/oauth2/exchange') {
      const access_token = tokens.registry ?? 'none'
      return form({ grant_type: 'access_token', service: this.#service, access_token })
    }
    const credential = await caller.credential()
    if (credential === undefined || credential === 'anonymous') {
      return form({ ...common, grant_type: 'refresh_token', refresh_token: 'none' })
    }
    return 'refreshToken' in credential
      ? form({ ...common, grant_type: 'refresh_token', refresh_token: credential.refreshToken })
      : form({ ...common, grant_type: 'password', ...credential })
  }
}

async function tokensOf(server: RunningServer, caller: Caller): Promise<Tokens> {
  const [armToken, graphToken, registryToken] = await Promise.all(
    (['arm', 'graph', 'registry'] as const).map((audience) => caller.identityToken(audience)),
  )
  const dataPlane = await dataPlaneAuthorization(server, caller, [...scopes, ...catalogs])
  // Only a person can request a token of that kind. All others present the token that they have.
  const userinfo = caller.column === 'per' ? await caller.identityToken('userinfo') : graphToken
  return { arm: armToken, graph: graphToken, registry: registryToken, userinfo, dataPlane }
}

function bearer(token: string | undefined): string | undefined {
  return token === undefined ? undefined : `Bearer ${token}`
}

function authorized(authorization: string | undefined): { readonly authorization?: string } {
  return { ...(authorization !== undefined && { authorization }) }
}
