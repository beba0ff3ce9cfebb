import type { Directory } from '../../directory/index.ts'
import type { KeyRing } from '../../platform/keys/key-ring.ts'
import { isSignedBy, parseCompactToken, textClaim } from '../../issuers/index.ts'
import { issuersOf } from './tenants.ts'
import { signingAlgorithm } from './token-parameters.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

export type IdTokenHintOptions = {
  readonly directory: Directory
  readonly keys: KeyRing
  readonly publicOrigin: PublicOrigin
}

/**
 * The client of an ID token that this provider issued. The token may have expired. Undefined for any other text.
 * [OpenID Connect RP-Initiated Logout §4]
 */
export async function hintedClientId(
  { directory, keys, publicOrigin }: IdTokenHintOptions,
  hint: string,
): Promise<string | undefined> {
  const token = parseCompactToken(hint)
  if (token?.kid === undefined || token.header['typ'] !== 'JWT') return undefined
  const key = await keys.verifier(token.kid)
  if (key === undefined || !(await isSignedBy(token, key, signingAlgorithm))) return undefined
  const { tenantId } = await directory.tenant()
  const issuers: readonly string[] = Object.values(issuersOf(publicOrigin, tenantId))
  return issuers.includes(textClaim(token.claims, 'iss') ?? '') ? textClaim(token.claims, 'aud') : undefined
}
