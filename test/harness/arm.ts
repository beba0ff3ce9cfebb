import { randomUUID } from 'node:crypto'
import { form, request, type HttpResponse } from './http.ts'
import { at, listAt, stringAt } from './json.ts'
import type { RunningServer } from './server.ts'

/** The audience that `az` asks for; the blank segment between the slashes is not a slip [azure-cli core/auth]. */
export const armScope = 'https://management.core.windows.net//.default'

/** A service principal's name and secret. */
export interface ClientSecret {
  appId: string
  password: string
}

/** A service principal as the directory made it. */
export interface NewServicePrincipal extends ClientSecret {
  /** The object id of the service principal, which role assignments name. */
  objectId: string
  /** The object id of the application, which `/applications/{id}` names. */
  applicationObjectId: string
}

/** A registry as the management surface made it. */
export interface NewRegistry {
  id: string
  name: string
  loginServer: string
}

/** The GUIDs of the built-in roles, the same in every Azure tenant. */
export const roles = {
  owner: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  contributor: 'b24988ac-6180-42a0-ab88-20f7382dd24c',
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
  acrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d',
  acrPush: '8311e382-0749-4cb8-b61a-304f252e45ec',
  acrDelete: 'c2f4ef07-c644-48eb-af81-4b1b4947fb11',
} as const

/** Throws, with the whole answer, unless the status is one of those expected. Returns the answer. */
export function expectStatus(response: HttpResponse, ...expected: number[]): HttpResponse {
  if (expected.includes(response.status)) return response
  throw new Error(`status ${response.status}, expected ${expected.join(' or ')}: ${response.text().slice(0, 1000)}`)
}

/** An access token of our identity provider by client secret, the first service principal's by default. */
export async function armToken(
  server: RunningServer,
  principal: ClientSecret = server.firstRun.servicePrincipal,
  scope: string = armScope,
): Promise<string> {
  const response = await request({
    method: 'POST',
    url: `${server.baseUrl}/${server.firstRun.tenantId}/oauth2/v2.0/token`,
    caFile: server.caFile,
    ...form({
      grant_type: 'client_credentials',
      client_id: principal.appId,
      client_secret: principal.password,
      scope,
    }),
  })
  return stringAt(expectStatus(response, 200).json(), 'access_token')
}

/** Who calls: a service principal, or the bearer of a token. */
export type Caller = ClientSecret | string

/** A server, and who calls it. */
export interface As {
  readonly server: RunningServer
  readonly caller: Caller
}

/** For calls by another caller than the first service principal, which is the default. */
export function as(server: RunningServer, caller: Caller = server.firstRun.servicePrincipal): As {
  return { server, caller }
}

function asOf(to: RunningServer | As): As {
  return 'caller' in to ? to : as(to)
}

/** A request with a token for the scope, and with a JSON body if there is one. */
async function call(
  { server, caller }: As,
  scope: string,
  what: { readonly method: string; readonly url: string },
  body: unknown,
): Promise<HttpResponse> {
  const token = typeof caller === 'string' ? caller : await armToken(server, caller, scope)
  return request({
    ...what,
    caFile: server.caFile,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

/**
 * One call of the management surface, by the first service principal or by the caller of `as`. A path without an
 * `api-version` gets that of `az`. Does not check the status: see `expectStatus`.
 */
export async function arm(to: RunningServer | As, method: string, path: string, body?: unknown): Promise<HttpResponse> {
  const calling = asOf(to)
  const url = new URL(path, calling.server.baseUrl)
  if (!url.searchParams.has('api-version')) url.searchParams.set('api-version', '2025-03-01-preview')
  return call(calling, armScope, { method, url: url.href }, body)
}

/** One call of the Graph surface; `path` follows `/graph/v1.0`. Does not check the status. */
export async function graph(
  to: RunningServer | As,
  method: string,
  path: string,
  body?: unknown,
): Promise<HttpResponse> {
  const calling = asOf(to)
  const { baseUrl } = calling.server
  return call(calling, `${baseUrl}/graph//.default`, { method, url: `${baseUrl}/graph/v1.0${path}` }, body)
}

/** The resource id of the first resource group. */
export function resourceGroupId(server: Pick<RunningServer, 'firstRun'>): string {
  const { subscriptionId, resourceGroup } = server.firstRun
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`
}

/** The resource id of a registry of the first resource group, the first registry by default. */
export function registryId(server: Pick<RunningServer, 'firstRun'>, name: string = server.firstRun.registry): string {
  return `${resourceGroupId(server)}/providers/Microsoft.ContainerRegistry/registries/${name}`
}

/** Makes an application, a secret of a year and a service principal, in the requests of `az ad sp create-for-rbac`. */
export async function createServicePrincipal(server: RunningServer, name: string): Promise<NewServicePrincipal> {
  const application = expectStatus(
    await graph(server, 'POST', '/applications', { displayName: name, keyCredentials: [] }),
    201,
  ).json()
  const applicationObjectId = stringAt(application, 'id')
  const appId = stringAt(application, 'appId')
  const start = new Date()
  const end = new Date(start)
  end.setUTCFullYear(end.getUTCFullYear() + 1)
  const secret = await graph(server, 'POST', `/applications/${applicationObjectId}/addPassword`, {
    passwordCredential: { displayName: 'rbac', startDateTime: start.toISOString(), endDateTime: end.toISOString() },
  })
  const password = stringAt(expectStatus(secret, 200).json(), 'secretText')
  const principal = await graph(server, 'POST', '/servicePrincipals', { appId, accountEnabled: true })
  const objectId = stringAt(expectStatus(principal, 201).json(), 'id')
  return { appId, password, objectId, applicationObjectId }
}

/** Assigns a role at a scope to a service principal, or to a user or group. Returns the assignment's resource id. */
export async function assignRole(
  server: RunningServer,
  principal: string | { readonly id: string; readonly type: 'User' | 'Group' },
  roleGuid: string,
  scope: string,
): Promise<string> {
  const { id: principalId, type: principalType } =
    typeof principal === 'string' ? { id: principal, type: 'ServicePrincipal' } : principal
  const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
  const roleDefinitionId = `/subscriptions/${server.firstRun.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roleGuid}`
  const properties = { roleDefinitionId, principalId, principalType }
  expectStatus(await arm(server, 'PUT', `${id}?api-version=2022-04-01`, { properties }), 200, 201)
  return id
}

/** Takes a role assignment away. */
export async function removeRole(server: RunningServer, assignmentId: string): Promise<void> {
  expectStatus(await arm(server, 'DELETE', `${assignmentId}?api-version=2022-04-01`), 200, 204)
}

/** A service principal with one role on a registry, the first registry by default. */
export async function principalWithRole(
  server: RunningServer,
  name: string,
  roleGuid: string,
  registry?: string,
): Promise<NewServicePrincipal> {
  const principal = await createServicePrincipal(server, name)
  await assignRole(server, principal.objectId, roleGuid, registryId(server, registry))
  return principal
}

/** Turns the admin account of a registry on and returns its name and both passwords. */
export async function enableAdmin(
  server: RunningServer,
  registry?: string,
): Promise<{ username: string; password: string; password2: string }> {
  const id = registryId(server, registry)
  expectStatus(await arm(server, 'PATCH', id, { properties: { adminUserEnabled: true } }), 200, 201)
  const listed = expectStatus(await arm(server, 'POST', `${id}/listCredentials`), 200).json()
  const passwordNamed = (name: string): string =>
    stringAt(
      listAt(listed, 'passwords').find((one) => at(one, 'name') === name),
      'value',
    )
  return {
    username: stringAt(listed, 'username'),
    password: passwordNamed('password'),
    password2: passwordNamed('password2'),
  }
}

/** Makes a further registry in the first resource group. */
export async function createRegistry(server: RunningServer, name: string): Promise<NewRegistry> {
  const body = { location: 'local', sku: { name: 'Premium' }, properties: { adminUserEnabled: false } }
  const made = expectStatus(await arm(server, 'PUT', registryId(server, name), body), 200, 201).json()
  return { id: stringAt(made, 'id'), name, loginServer: stringAt(made, 'properties', 'loginServer') }
}

/**
 * Turns anonymous pull on or off. A Basic registry is changed to Standard first, because Basic has no anonymous
 * pull.
 */
export async function setAnonymousPull(server: RunningServer, enabled: boolean, registry?: string): Promise<void> {
  const id = registryId(server, registry)
  const now = expectStatus(await arm(server, 'GET', id), 200).json()
  const sku = stringAt(now, 'sku', 'name') === 'Basic' ? { sku: { name: 'Standard' } } : {}
  const body = { ...sku, properties: { anonymousPullEnabled: enabled } }
  expectStatus(await arm(server, 'PATCH', id, body), 200, 201)
}
