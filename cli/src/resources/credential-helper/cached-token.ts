import { acrTokenName, openSecretStore } from '../../clients/session/secret-store.ts'
import type { SecretStore } from '../../clients/tokens/secrets.ts'
import { unverifiedClaims } from '../../clients/tokens/token-claim.ts'
import type { Owner } from './registries.ts'

/** After this time, acrux asks the server again, so that acrux soon reports an ended sign-in. */
const maxAgeMs = 60_000

type Environment = Readonly<Record<string, string | undefined>>

/** The store with the tokens of an account, and the name under which the store contains the token of a login server. */
export function placeOf(
  { signIn, stored }: Owner,
  loginServer: string,
  env: Environment,
): { readonly store: SecretStore; readonly signInId: string; readonly name: string } {
  const { tenantId } = stored.subscription
  return {
    store: openSecretStore(signIn.secretStore, env),
    signInId: signIn.id,
    name: acrTokenName(tenantId, loginServer),
  }
}

/** The stored token of an account for a login server, if it was issued a moment ago. */
export async function cachedToken(owner: Owner, loginServer: string, env: Environment): Promise<string | undefined> {
  const { store, signInId, name } = placeOf(owner, loginServer, env)
  const known = (await store.read(signInId)).tokens?.[name]
  return known !== undefined && isRecent(known.token) ? known.token : undefined
}

/** A cached token may have used at most a third of its lifetime, so that the rest is long enough for a push. */
function isRecent(token: string): boolean {
  const { iat, exp } = unverifiedClaims(token)
  if (typeof iat !== 'number' || typeof exp !== 'number') return false
  const ageMs = Date.now() - iat * 1000
  return ageMs < Math.min(maxAgeMs, ((exp - iat) * 1000) / 3)
}
