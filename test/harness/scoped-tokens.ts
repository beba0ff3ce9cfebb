import { arm, expectStatus, registryId } from './arm.ts'
import { stringAt } from './json.ts'
import type { RunningServer } from './server.ts'

/** A scoped token and both its passwords. */
export interface NewScopedToken {
  /** Of the resource. */
  id: string
  username: string
  password: string
  password2: string
}

/** Makes a scope map, or replaces the actions of one; returns its resource id. */
export async function putScopeMap(
  server: RunningServer,
  name: string,
  actions: readonly string[],
  registry: string = server.firstRun.registry,
): Promise<string> {
  const id = `${registryId(server, registry)}/scopeMaps/${name}`
  expectStatus(await arm(server, 'PUT', id, { properties: { actions } }), 200)
  return id
}

/** Generates both passwords of a scoped token again. */
export async function generatePasswords(
  server: RunningServer,
  name: string,
  { registry = server.firstRun.registry, expiresAtMs }: { registry?: string; expiresAtMs?: number } = {},
): Promise<NewScopedToken> {
  const id = `${registryId(server, registry)}/tokens/${name}`
  const body = { tokenId: id, ...(expiresAtMs !== undefined && { expiry: new Date(expiresAtMs).toISOString() }) }
  const made = await arm(server, 'POST', `${registryId(server, registry)}/generateCredentials`, body)
  const document = expectStatus(made, 200).json()
  return {
    id,
    username: stringAt(document, 'username'),
    password: stringAt(document, 'passwords', 0, 'value'),
    password2: stringAt(document, 'passwords', 1, 'value'),
  }
}

/** Makes a scoped token with an existing scope map, and its passwords. */
export async function createScopedToken(
  server: RunningServer,
  name: string,
  scopeMap: string,
  registry: string = server.firstRun.registry,
): Promise<NewScopedToken> {
  const parent = registryId(server, registry)
  const properties = { scopeMapId: `${parent}/scopeMaps/${scopeMap}`, status: 'enabled' }
  expectStatus(await arm(server, 'PUT', `${parent}/tokens/${name}`, { properties }), 200, 201)
  return generatePasswords(server, name, { registry })
}
