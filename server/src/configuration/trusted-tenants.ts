import { z } from 'zod'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'

/** The maximum number of trusted tenants. */
const maxTenants = 100

const authorityError = {
  error: 'must be the https origin of a Microsoft Entra cloud, such as https://login.microsoftonline.us',
}

const trustedTenantSchema = z.strictObject(
  {
    tenantId: z.string({ error: 'must be the id of a tenant' }).transform((text, context): string => {
      const id = parseGuid(text)
      if (id !== undefined) return id
      context.issues.push({ code: 'custom', message: 'must be the id of a tenant', input: text })
      return z.NEVER
    }),
    authorityHost: z
      .string(authorityError)
      .refine(isOrigin, authorityError)
      .transform((text) => new URL(text).origin)
      .default('https://login.microsoftonline.com'),
  },
  { error: 'must be a mapping' },
)

/** The list of tenants of Microsoft Entra whose access tokens are accepted; without duplicates. */
export const trustedTenantsSchema = z
  .array(trustedTenantSchema, { error: 'must be a list of tenants' })
  .max(maxTenants, { error: `must list at most ${maxTenants} tenants` })
  .refine((tenants) => new Set(tenants.map(({ tenantId }) => tenantId)).size === tenants.length, {
    error: 'the same tenant is listed twice',
  })

/** The descriptions of the properties of a trusted tenant, in the order of the reference. */
export const trustedTenantFields: Readonly<Record<keyof z.output<typeof trustedTenantSchema>, string>> = {
  tenantId: 'The id of the tenant.',
  authorityHost:
    "The origin of the Microsoft cloud whose keys sign the tenant's tokens: `https://login.microsoftonline.com` (the default), `https://login.microsoftonline.us` or `https://login.partner.microsoftonline.cn`. Any other origin, such as a test server, must use the same token issuers as `https://login.microsoftonline.com`.",
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && url.protocol === 'https:' && (text === url.origin || text === `${url.origin}/`)
}
