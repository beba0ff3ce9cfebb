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
  /** Of the service principal: what role assignments name. */
  objectId: string
  /** Of the application: what `/applications/{id}` names. */
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

/** An access token of our identity provider by client secret, the first service principal's unless told otherwise. */
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

async function call(
  server: RunningServer,
  method: string,
  url: string,
  body: unknown,
  token: string,
): Promise<HttpResponse> {
  return request({
    method,
    url,
    caFile: server.caFile,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

/**
 * One call of the management surface, by the first service principal unless another caller is named. A path without an
 * `api-version` is given that of `az`. The answer is not judged: see `expectStatus`.
 */
export async function arm(
  server: RunningServer,
  method: string,
  path: string,
  body?: unknown,
  caller: Caller = server.firstRun.servicePrincipal,
): Promise<HttpResponse> {
  const url = new URL(path, server.baseUrl)
  if (!url.searchParams.has('api-version')) url.searchParams.set('api-version', '2025-03-01-preview')
  const token = typeof caller === 'string' ? caller : await armToken(server, caller)
  return call(server, method, url.href, body, token)
}

/** One call of the Graph surface; `path` follows `/graph/v1.0`. The answer is not judged. */
export async function graph(
  server: RunningServer,
  method: string,
  path: string,
  body?: unknown,
  caller: Caller = server.firstRun.servicePrincipal,
): Promise<HttpResponse> {
  const scope = `${server.baseUrl}/graph//.default`
  const token = typeof caller === 'string' ? caller : await armToken(server, caller, scope)
  return call(server, method, `${server.baseUrl}/graph/v1.0${path}`, body, token)
}

/** The resource id of the first resource group. */
export function resourceGroupId(server: RunningServer): string {
  const { subscriptionId, resourceGroup } = server.firstRun
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`
}

/** The resource id of a registry of the first resource group, the first registry unless told otherwise. */
export function registryId(server: RunningServer, name: string = server.firstRun.registry): string {
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

/** Assigns a role at a scope, to a service principal unless told otherwise; returns the assignment's resource id. */
export async function assignRole(
  server: RunningServer,
  objectId: string,
  roleGuid: string,
  scope: string,
  principalType: 'ServicePrincipal' | 'User' | 'Group' = 'ServicePrincipal',
): Promise<string> {
  const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
  const roleDefinitionId = `/subscriptions/${server.firstRun.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roleGuid}`
  const properties = { roleDefinitionId, principalId: objectId, principalType }
  expectStatus(await arm(server, 'PUT', `${id}?api-version=2022-04-01`, { properties }), 200, 201)
  return id
}

/** Takes a role assignment away. */
export async function removeRole(server: RunningServer, assignmentId: string): Promise<void> {
  expectStatus(await arm(server, 'DELETE', `${assignmentId}?api-version=2022-04-01`), 200, 204)
}

/** A service principal that holds one role on a registry, the first registry unless told otherwise. */
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

/** Turns anonymous pull on or off. A Basic registry is made Standard on the way, as Basic has no anonymous pull. */
export async function setAnonymousPull(server: RunningServer, enabled: boolean, registry?: string): Promise<void> {
  const id = registryId(server, registry)
  const now = expectStatus(await arm(server, 'GET', id), 200).json()
  const sku = stringAt(now, 'sku', 'name') === 'Basic' ? { sku: { name: 'Standard' } } : {}
  const body = { ...sku, properties: { anonymousPullEnabled: enabled } }
  expectStatus(await arm(server, 'PATCH', id, body), 200, 201)
}
