/** The configuration of one provider. */
export type UpstreamSettings = {
  /** Its name in URLs. */
  readonly name: string
  readonly displayName: string
  readonly kind: 'oidc' | 'entra'
  readonly issuer: string
  readonly clientId: string
  readonly clientSecretFile?: string | undefined
  readonly clientCertFile?: string | undefined
  readonly clientKeyFile?: string | undefined
  readonly scopes: readonly string[]
  readonly groupsClaim: string
  /** Only members of this group may sign in. */
  readonly requireGroup?: string | undefined
  /** The tenants whose people may sign in, in lower case. Empty for an issuer of one tenant. */
  readonly allowedTenants: readonly string[]
  readonly createUsers: boolean
  readonly prompt?: 'login' | 'select_account' | 'consent' | undefined
  /** The values of the provider's claim `acr` that mean more than one factor. */
  readonly mfaAcrValues: readonly string[]
  readonly signInHours: number
  readonly caFile?: string | undefined
  readonly privateNetwork: boolean
}

/** Whether people of this issuer may sign in at the provider. People of Entra have the issuer of their own tenant. */
export function trustsIssuer({ kind, issuer: named, allowedTenants }: UpstreamSettings, issuer: string): boolean {
  if (kind !== 'entra') return issuer === named
  const [before = '', after = ''] = named.split('/organizations/')
  const tenantId = /\/([0-9a-f-]{36})\/v2\.0$/i.exec(issuer)?.[1]?.toLowerCase()
  if (tenantId === undefined || (allowedTenants.length > 0 && !allowedTenants.includes(tenantId))) return false
  return after === '' ? issuer === named : issuer.toLowerCase() === `${before}/${tenantId}/${after}`.toLowerCase()
}
