import { readJson } from './client.ts'

/** What a client signs in with: a token of three hours. */
export type RegistryLogin = { readonly loginServer: string; readonly username: string; readonly password: string }

/** Creates a login for the clients of a registry, with the permissions of the person. */
export async function createRegistryLogin(loginServer: string): Promise<RegistryLogin> {
  const path = `session/registry-login?${new URLSearchParams({ loginServer }).toString()}`
  return (await readJson<RegistryLogin>(path, { method: 'POST' })).body
}
