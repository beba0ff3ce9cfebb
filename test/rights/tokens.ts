import { setTimeout as sleep } from 'node:timers/promises'
import { armToken, as, type ClientSecret, expectStatus, graph, type NewServicePrincipal } from '../harness/arm.ts'
import { form, request, type HttpResponse } from '../harness/http.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { accessToken, exchange, registryUrl, type Where } from '../harness/registry.ts'
import type { RunningServer } from '../harness/server.ts'

/** All tokens that a principal can have for a registry, each obtained with the previous one. */
export interface Tokens {
  /** An access token of the identity provider. */
  identity: string
  /** An ACR refresh token. */
  refresh: string
  /** An ACR access token for the scopes that were asked for. */
  access: string
}

/** Walks the whole chain: client secret, identity token, ACR refresh token, ACR access token. */
export async function tokensOf(
  server: RunningServer,
  principal: ClientSecret,
  scopes: readonly string[],
  where: Where = {},
): Promise<Tokens> {
  const identity = await armToken(server, principal)
  const refresh = await exchange(server, identity, where)
  return { identity, refresh, access: await accessToken(server, { refreshToken: refresh }, scopes, where) }
}

/** The exchange of an identity token of our own tenant, unless another is named, unchecked. */
export async function askExchange(
  server: RunningServer,
  identity: string,
  where: Where = {},
  tenant = server.firstRun.tenantId,
): Promise<HttpResponse> {
  const service = where.loginServer ?? server.firstRun.loginServer
  const fields = { grant_type: 'access_token', service, tenant, access_token: identity }
  const url = `${registryUrl(server, where)}/oauth2/exchange`
  return request({ method: 'POST', url, caFile: server.caFile, ...form(fields) })
}

/** The password grant of the token endpoint, unchecked. */
export async function askByPassword(
  server: RunningServer,
  { username, password, offline }: { readonly username: string; readonly password: string; readonly offline?: boolean },
  scope: string,
  where: Where = {},
): Promise<HttpResponse> {
  const service = where.loginServer ?? server.firstRun.loginServer
  const url = `${registryUrl(server, where)}/oauth2/token`
  const access_type = offline === true ? 'offline' : ''
  const fields = { grant_type: 'password', service, scope, username, password, access_type }
  return request({ method: 'POST', url, caFile: server.caFile, ...form(fields) })
}

/** The identity provider's answer to a client secret, unchecked. */
export async function askIdentity(server: RunningServer, principal: ClientSecret): Promise<HttpResponse> {
  return request({
    method: 'POST',
    url: `${server.baseUrl}/${server.firstRun.tenantId}/oauth2/v2.0/token`,
    caFile: server.caFile,
    ...form({
      grant_type: 'client_credentials',
      client_id: principal.appId,
      client_secret: principal.password,
      scope: 'https://containerregistry.azure.net/.default',
    }),
  })
}

/** A further secret of a principal's application, valid for this time; `keyId` is needed to delete it. */
export async function addSecret(
  server: RunningServer,
  principal: NewServicePrincipal,
  validMs: number,
): Promise<ClientSecret & { keyId: string }> {
  const path = `/applications/${principal.applicationObjectId}/addPassword`
  const scope = `${server.baseUrl}/graph//.default`
  const caller = await armToken(server, server.firstRun.servicePrincipal, scope)
  const endDateTime = new Date(Date.now() + validMs).toISOString()
  const body = { passwordCredential: { displayName: 'further', endDateTime } }
  const added = expectStatus(await graph(as(server, caller), 'POST', path, body), 200).json()
  return { appId: principal.appId, password: stringAt(added, 'secretText'), keyId: stringAt(added, 'keyId') }
}

/** Deletes a secret of a principal's application. */
export async function removeSecret(
  server: RunningServer,
  principal: NewServicePrincipal,
  keyId: string,
): Promise<void> {
  const path = `/applications/${principal.applicationObjectId}/removePassword`
  expectStatus(await graph(server, 'POST', path, { keyId }), 200, 204)
}

/** The actions that the registry granted in a token, by `type:name`. */
export function grantedBy(token: string): Record<string, readonly string[]> {
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
  const entries = listAt(claims, 'access').map((one): [string, string[]] => [
    `${stringAt(one, 'type')}:${stringAt(one, 'name')}`,
    listAt(one, 'actions').map(String).sort(),
  ])
  return Object.fromEntries(entries)
}

/** Waits until the clock has passed an instant. */
export async function passed(instantMs: number): Promise<void> {
  while (Date.now() <= instantMs) await sleep(Math.max(1, instantMs - Date.now()))
}

/**
 * How many milliseconds something takes on this machine now: allow several times as long for work that has a
 * deadline.
 */
export async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = Date.now()
  await work()
  return Date.now() - began
}
