import { Agent } from 'node:https'
import { randomUUID } from 'node:crypto'
import { arm, expectStatus, registryId } from '../harness/arm.ts'
import { form, request, type HttpRequest } from '../harness/http.ts'
import { basic, pushImage, type PushedImage } from '../harness/registry.ts'
import type { RunningServer } from '../harness/server.ts'
import { dataPlaneAuthorization, type Audience, type Caller } from './callers.ts'
import type { Route } from './routes.ts'

/** A setting of the registry under which every route is asked. */
export interface Setting {
  readonly roleAssignmentMode: 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'
  readonly anonymousPullEnabled: boolean
}

/** The repository that is there, and one that is not: what is written or deleted names the latter, so that nothing changes. */
const present = 'team/app'
const absent = 'team/none'
const scopes = [present, absent].map(
  (name) => `repository:${name}:*,metadata_read,metadata_write,deleted_read,deleted_restore`,
)
const catalogs = ['registry:catalog:*', 'registry:deleted_catalog:*']

const agent = new Agent({ keepAlive: true })

/** What a surface takes, by the first part of the path. */
function audienceOf(path: string): Audience | 'token-service' | 'provider' {
  if (/^\/(v2|acr)\//.test(path)) return 'registry'
  if (path.startsWith('/oauth2/')) return 'token-service'
  if (path.startsWith('/graph/')) return 'graph'
  if (path === '/oidc/userinfo') return 'userinfo'
  return /^\/(metadata|tenants|subscriptions|providers|openapi\.json)(\/|$)/.test(path) ? 'arm' : 'provider'
}

/** Fills the places of a path: with what is there where it is only read, and elsewhere with what is not. */
function pathOf({ method, path }: Route, { firstRun }: RunningServer, image: PushedImage): string {
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
  const onRepository = path.startsWith('/v2/') || path.startsWith('/acr/')
  return path.replaceAll(/\{([A-Za-z]+)\}/g, (_match, name: string) => {
    if (onRepository && name === 'name') return reads ? present : absent
    return values[name] ?? 'nowhere'
  })
}

/** What was answered to one request. */
export interface Answer {
  readonly status: number
  readonly correlationId: string | undefined
  /** Whether the request had a credential, in its header or in its form. */
  readonly showsCredential: boolean
}

/** Asks routes as callers. */
export interface Asking {
  /** Sets the registry, and gives everybody new tokens: a change of the mode ends those that were given. */
  begin(setting: Setting, callers: readonly Caller[]): Promise<void>
  answerTo(route: Route, caller: Caller): Promise<Answer>
}

let asked = 0

/** Another address for each request: what strangers may do is counted by network, and nobody is to be held up here. */
function nextAddress(): string {
  asked += 1
  return `10.${(asked >> 16) & 255}.${(asked >> 8) & 255}.${asked & 255}`
}

type Tokens = { readonly [Kind in Audience | 'dataPlane']: string | undefined }

/** Pushes what is to be read, and is ready to ask. */
export async function openAsking(server: RunningServer): Promise<Asking> {
  const { appId, password } = server.firstRun.servicePrincipal
  const image = await pushImage(server, present, '1', basic(appId, password))
  const service = server.firstRun.loginServer
  let given = new Map<Caller, Tokens>()

  async function tokensOf(caller: Caller): Promise<Tokens> {
    const [armToken, graphToken, registryToken] = await Promise.all(
      (['arm', 'graph', 'registry'] as const).map((audience) => caller.identityToken(audience)),
    )
    const dataPlane = await dataPlaneAuthorization(server, caller, [...scopes, ...catalogs])
    // Only a person can ask for a token of that kind; everybody else shows what they have.
    const userinfo = caller.column === 'per' ? await caller.identityToken('userinfo') : graphToken
    return { arm: armToken, graph: graphToken, registry: registryToken, userinfo, dataPlane }
  }

  /** A request of the token service carries its credential in itself. */
  async function credentialRequest(route: Route, caller: Caller): Promise<Pick<HttpRequest, 'body' | 'headers'>> {
    const scope = `repository:${present}:pull`
    if (route.path === '/oauth2/exchange') {
      return form({ grant_type: 'access_token', service, access_token: given.get(caller)?.registry ?? 'none' })
    }
    const credential = await caller.credential()
    if (credential === undefined || credential === 'anonymous') {
      return form({ grant_type: 'refresh_token', service, scope, refresh_token: 'none' })
    }
    return 'refreshToken' in credential
      ? form({ grant_type: 'refresh_token', service, scope, refresh_token: credential.refreshToken })
      : form({ grant_type: 'password', service, scope, ...credential })
  }

  async function partsOf(route: Route, caller: Caller): Promise<Pick<HttpRequest, 'body' | 'headers'>> {
    const tokens = given.get(caller)
    const audience = audienceOf(route.path)
    const writes = route.method !== 'GET' && route.method !== 'HEAD'
    switch (audience) {
      case 'token-service':
        if (writes) return credentialRequest(route, caller)
        return { headers: { ...(caller.basic !== undefined && { authorization: caller.basic }) } }
      case 'registry': {
        const authorization = tokens?.dataPlane
        return { headers: { ...(authorization !== undefined && { authorization }) }, ...(writes && { body: '' }) }
      }
      case 'arm':
      case 'graph': {
        const token = tokens?.[audience]
        const headers = {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(writes && { 'content-type': 'application/json' }),
        }
        return { headers, ...(writes && { body: '{}' }) }
      }
      case 'userinfo':
      case 'provider': {
        const token = audience === 'userinfo' ? tokens?.userinfo : tokens?.graph
        const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }) }
        return writes ? { ...form({}), headers: { ...headers, ...form({}).headers } } : { headers }
      }
    }
  }

  return {
    begin: async (setting, callers) => {
      expectStatus(await arm(server, 'PATCH', registryId(server), { properties: setting }), 200, 201)
      given = new Map()
      for (const caller of callers) given.set(caller, await tokensOf(caller))
    },
    answerTo: async (route, caller) => {
      if (!given.has(caller)) given.set(caller, await tokensOf(caller))
      const url = new URL(pathOf(route, server, image), server.baseUrl)
      const audience = audienceOf(route.path)
      if (audience === 'arm') url.searchParams.set('api-version', '2025-03-01-preview')
      if (route.path === '/oauth2/token')
        url.search = new URLSearchParams({ service, scope: scopes[0] ?? '' }).toString()
      const { headers, body } = await partsOf(route, caller)
      const { status, headers: answered } = await request({
        method: route.method,
        url,
        agent,
        caFile: server.caFile,
        headers: { ...headers, 'x-forwarded-for': nextAddress() },
        ...(body !== undefined && { body }),
      })
      // Where the signing keys were withdrawn, everybody needs other tokens.
      if (route.path.endsWith('/withdrawSigningKeys') && status < 300) given.clear()
      // Whoever signs themselves out everywhere comes back.
      if (route.path.endsWith('/me/revokeSignInSessions') && status < 300) given.set(caller, await tokensOf(caller))
      const correlationId = answered['x-ms-correlation-request-id']
      return {
        status,
        correlationId: typeof correlationId === 'string' ? correlationId : undefined,
        showsCredential: headers?.['authorization'] !== undefined || audience === 'token-service',
      }
    },
  }
}
