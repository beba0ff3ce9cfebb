import assert from 'node:assert/strict'
import { type NewServicePrincipal, assignRole, principalWithRole, registryId, roles } from '../../harness/arm.ts'
import { stringAt } from '../../harness/json.ts'
import { nullGuid } from '../../harness/registry.ts'
import type { RunningServer } from '../../harness/server.ts'
import type { TokenIssuer } from '../../harness/token-issuer.ts'
import { claimsOf } from '../az/az.ts'
import type { HelperHome } from '../lib/credential-helper.ts'

/** What the tests of the credential helper share. The server trusts the issuer. */
export type HelperScene = { readonly server: RunningServer; readonly issuer: TokenIssuer }

/** A principal that reads the first registry and pushes to it. */
export async function newPusher(server: RunningServer, name: string): Promise<NewServicePrincipal> {
  const principal = await principalWithRole(server, name, roles.acrPush)
  await assignRole(server, principal.objectId, roles.reader, registryId(server))
  return principal
}

/** The arguments that sign a service principal in; its credential follows. */
export function principalArguments({ firstRun }: RunningServer, appId: string): string[] {
  const { resourceManager, caFile, tenantId } = firstRun
  const who = ['--service-principal', '-u', appId, '--tenant', tenantId]
  return ['login', '--server', resourceManager, '--ca-file', caFile, ...who]
}

/** Signs a service principal in with its secret. */
export async function signInBySecret(
  client: HelperHome,
  server: RunningServer,
  { appId, password }: { readonly appId: string; readonly password: string },
): Promise<void> {
  await client.text([...principalArguments(server, appId), '-p', '-'], { input: password })
}

/** The claims of the token that the helper returns for a server URL. */
export async function tokenOf(
  client: HelperHome,
  serverUrl: string,
  env?: Readonly<Record<string, string>>,
): Promise<unknown> {
  const { code, stdout, stderr } = await client.helper('get', serverUrl, env)
  assert.equal(code, 0, stdout + stderr)
  const credential: unknown = JSON.parse(stdout)
  assert.equal(stringAt(credential, 'Username'), nullGuid)
  assert.equal(stringAt(credential, 'ServerURL'), serverUrl.trim())
  return claimsOf(stringAt(credential, 'Secret'))
}
