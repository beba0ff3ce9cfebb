import { ApiError, readJson } from './client.ts'
import type { AdminPasswordUses, RegistryCredentials } from './types.ts'

const version = '2023-07-01'

/** The name of a password of the admin account. */
export type AdminPasswordName = 'password' | 'password2'

/** Reads both passwords. The audit log records it. */
export async function readAdminPasswords(registryId: string): Promise<RegistryCredentials> {
  const path = `arm${encodeURI(registryId)}/listCredentials?api-version=${version}`
  return (await readJson<RegistryCredentials>(path, { method: 'POST' })).body
}

/** Replaces one password, and returns both. */
export async function regenerateAdminPassword(
  registryId: string,
  name: AdminPasswordName,
): Promise<RegistryCredentials> {
  const path = `arm${encodeURI(registryId)}/regenerateCredential?api-version=${version}`
  return (await readJson<RegistryCredentials>(path, { method: 'POST', body: { name } })).body
}

/** When each password was last used. Undefined if the person's roles do not include it. */
export async function readAdminPasswordUses(
  registryId: string,
  signal: AbortSignal,
): Promise<AdminPasswordUses['properties']['passwords'] | undefined> {
  const path = `arm${encodeURI(registryId)}/providers/Acrux.Server/adminPasswordUses/default?api-version=${version}`
  try {
    return (await readJson<AdminPasswordUses>(path, { signal })).body.properties.passwords
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined
    throw error
  }
}
