import { z } from 'zod'
import { parseGuid } from '../standards/azure/guid.ts'

/** How many tenants may be trusted. */
const largestNumber = 100

const trustedTenantSchema = z.strictObject(
  {
    tenantId: z.string({ error: 'must be the id of a tenant' }).transform((text, context): string => {
      const id = parseGuid(text)
      if (id !== undefined) return id
      context.issues.push({ code: 'custom', message: 'must be the id of a tenant', input: text })
      return z.NEVER
    }),
    authorityHost: z
      .string({ error: 'must be the https origin of an authority' })
      .refine(isOrigin, { error: 'must be the https origin of an authority, such as https://login.microsoftonline.us' })
      .transform((text) => new URL(text).origin)
      .default('https://login.microsoftonline.com'),
  },
  { error: 'must be a mapping' },
)

/** The list of tenants of Microsoft Entra whose access tokens are accepted; none is named twice. */
export const trustedTenantsSchema = z
  .array(trustedTenantSchema, { error: 'must be a list of tenants' })
  .max(largestNumber, { error: `must name no more than ${largestNumber} tenants` })
  .refine((tenants) => new Set(tenants.map(({ tenantId }) => tenantId)).size === tenants.length, {
    error: 'the same tenant is named twice',
  })

/** What each property of a trusted tenant is, in the order of the reference. */
export const trustedTenantFields: Readonly<Record<keyof z.output<typeof trustedTenantSchema>, string>> = {
  tenantId: 'Its id.',
  authorityHost:
    'Where its keys are read, and with it which cloud it is in: `https://login.microsoftonline.com` (the default), `https://login.microsoftonline.us` or `https://login.partner.microsoftonline.cn`. Any other is taken for a stand-in of the first, whose issuers its tokens must have.',
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && url.protocol === 'https:' && (text === url.origin || text === `${url.origin}/`)
}
