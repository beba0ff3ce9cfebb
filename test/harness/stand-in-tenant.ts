import { randomUUID } from 'node:crypto'
import type { TokenIssuer } from './token-issuer.ts'

/** A tenant of Entra that the server is to trust. */
export interface StandInTenant {
  readonly tenantId: string
  /** The value of `--trusted-tenants`. */
  readonly setting: string
  /** A token of the tenant with these claims. */
  readonly token: (claims: object) => string
}

/** A tenant whose tokens an issuer on this machine signs, in place of Entra. */
export function standForTenant(issuer: TokenIssuer): StandInTenant {
  const tenantId = randomUUID()
  const iss = `https://sts.windows.net/${tenantId}/`
  issuer.documents.set(`/${tenantId}/.well-known/openid-configuration`, {
    issuer: iss,
    jwks_uri: `${issuer.origin}/keys`,
  })
  const setting = JSON.stringify([{ tenantId, authorityHost: issuer.origin }])
  const token = (claims: object): string => issuer.token({ iss, tid: tenantId, ver: '1.0', ...claims })
  return { tenantId, setting, token }
}
