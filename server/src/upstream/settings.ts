import type { Configuration } from '../platform/configuration/configuration.ts'

/** One provider as the operator configured it. */
export type UpstreamSettings = Configuration['identityProviders'][number]

/** Whether the settings let people of this issuer sign in. Entra's people have the issuer of their own tenant. */
export function believesIssuer({ kind, issuer: named, allowedTenants }: UpstreamSettings, issuer: string): boolean {
  if (kind !== 'entra') return issuer === named
  const [before = '', after = ''] = named.split('/organizations/')
  const tenantId = /\/([0-9a-f-]{36})\/v2\.0$/i.exec(issuer)?.[1]?.toLowerCase()
  if (tenantId === undefined || (allowedTenants.length > 0 && !allowedTenants.includes(tenantId))) return false
  return after === '' ? issuer === named : issuer.toLowerCase() === `${before}/${tenantId}/${after}`.toLowerCase()
}
