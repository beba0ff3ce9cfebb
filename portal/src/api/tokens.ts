import { readAll } from './arm-list.ts'
import { ApiError, readJson, send } from './client.ts'
import type { AnonymousAccess, GeneratedCredentials, PasswordUses, ScopeMap, Token } from './types.ts'

const version = '2024-11-01-preview'

const childPath = (registryId: string, path: string) => `arm${encodeURI(registryId)}/${path}?api-version=${version}`
const anonymousAccess = 'providers/Acrux.Server/anonymousAccess/default'

export function listTokens(registryId: string, signal: AbortSignal): Promise<readonly Token[]> {
  return readAll(childPath(registryId, 'tokens'), signal)
}

export function listScopeMaps(registryId: string, signal: AbortSignal): Promise<readonly ScopeMap[]> {
  return readAll(childPath(registryId, 'scopeMaps'), signal)
}

/** When each password was last used. Undefined if the person's roles do not include it. */
export async function listPasswordUses(
  registryId: string,
  signal: AbortSignal,
): Promise<readonly PasswordUses[] | undefined> {
  try {
    return await readAll<PasswordUses>(childPath(registryId, 'providers/Acrux.Server/passwordUses'), signal)
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined
    throw error
  }
}

/** Creates a scope map. */
export async function putScopeMap(
  registryId: string,
  name: string,
  properties: { readonly actions: readonly string[]; readonly description?: string },
): Promise<void> {
  await send(childPath(registryId, `scopeMaps/${name}`), { method: 'PUT', body: { properties } })
}

/** Replaces the actions of a scope map. */
export async function changeScopeMap(registryId: string, name: string, actions: readonly string[]): Promise<void> {
  await send(childPath(registryId, `scopeMaps/${name}`), { method: 'PATCH', body: { properties: { actions } } })
}

export async function deleteScopeMap(registryId: string, name: string): Promise<void> {
  await send(childPath(registryId, `scopeMaps/${name}`), { method: 'DELETE' })
}

/** Creates a token without passwords. */
export async function putToken(registryId: string, name: string, scopeMap: string): Promise<void> {
  const properties = { scopeMapId: `${registryId}/scopeMaps/${scopeMap}`, status: 'enabled' }
  await send(childPath(registryId, `tokens/${name}`), { method: 'PUT', body: { properties } })
}

export type PasswordName = 'password1' | 'password2'

export type TokenChange = {
  readonly status?: 'enabled' | 'disabled'
  /** The passwords to keep. */
  readonly credentials?: { readonly passwords: readonly { readonly name: PasswordName }[] }
}

export async function changeToken(registryId: string, name: string, properties: TokenChange): Promise<void> {
  await send(childPath(registryId, `tokens/${name}`), { method: 'PATCH', body: { properties } })
}

export async function deleteToken(registryId: string, name: string): Promise<void> {
  await send(childPath(registryId, `tokens/${name}`), { method: 'DELETE' })
}

/** Which password to generate; without a name both. Without an expiry, they are valid until they are removed. */
export type PasswordRequest = { readonly name?: PasswordName; readonly expiry?: string }

/** Generates passwords. Only this answer has them. */
export async function generatePasswords(
  registryId: string,
  token: string,
  request: PasswordRequest,
): Promise<GeneratedCredentials> {
  const body = { tokenId: `${registryId}/tokens/${token}`, ...request }
  const path = childPath(registryId, 'generateCredentials')
  return (await readJson<GeneratedCredentials>(path, { method: 'POST', body })).body
}

/** The scope map of anonymous callers. Undefined if they have none. */
export async function readAnonymousAccess(
  registryId: string,
  signal: AbortSignal,
): Promise<AnonymousAccess | undefined> {
  try {
    return (await readJson<AnonymousAccess>(childPath(registryId, anonymousAccess), { signal })).body
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined
    throw error
  }
}

/** Gives anonymous callers the read actions of a scope map; undefined gives them none. */
export async function setAnonymousAccess(registryId: string, scopeMap: string | undefined): Promise<void> {
  const path = childPath(registryId, anonymousAccess)
  if (scopeMap === undefined) await send(path, { method: 'DELETE' })
  else await send(path, { method: 'PUT', body: { properties: { scopeMapId: `${registryId}/scopeMaps/${scopeMap}` } } })
}
