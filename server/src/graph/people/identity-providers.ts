import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { insufficientPrivileges } from '../protocol/errors.ts'
import type { IdentityProvider } from '../protocol/model.ts'
import { rejectQueryOptions } from '../protocol/query.ts'
import { listSchema } from '../protocol/response.ts'
import type { GraphHandler } from '../protocol/route.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/**
 * A provider at which people can sign in. The configuration of the server names it. [Microsoft Graph v1.0, identityProvider]
 */
const identityProviderSchema = z
  .strictObject({
    id: z.string(),
    displayName: z.string(),
    identityProviderType: z.enum(['OpenIDConnect', 'AADSignIn']),
    issuer: z.string(),
    clientId: z.string(),
    callbackUrl: z.string().describe('The redirect URI that the provider must accept.'),
    allowedTenants: z.array(z.string()).describe('Empty if the provider accepts only one tenant.'),
    requiredGroup: z.string().nullable(),
    createsUsers: z.boolean().describe("Whether a person's first sign-in creates a user."),
    signInHours: z.number(),
  })
  .register(apiSchemas, { id: 'graph.identityProvider' })

export const identityProvidersSchema = listSchema('identityProviders', identityProviderSchema)

/** `GET /identity/identityProviders`: for owners and readers of the directory. */
export const listIdentityProviders: GraphHandler<typeof identityProvidersSchema> = async (
  { identityProviders, publicOrigin },
  { request, caller },
) => {
  rejectQueryOptions(request.query)
  if (!caller.readsAll) throw insufficientPrivileges()
  return { value: identityProviders.map((provider) => document(provider, publicOrigin)) }
}

function document(provider: IdentityProvider, publicOrigin: PublicOrigin): DocumentOf<typeof identityProviderSchema> {
  const { name, displayName, kind, issuer, clientId, allowedTenants, requireGroup, createUsers, signInHours } = provider
  return {
    id: name,
    displayName,
    identityProviderType: kind === 'entra' ? 'AADSignIn' : 'OpenIDConnect',
    issuer,
    clientId,
    callbackUrl: `${publicOrigin}/sign-in/${name}/callback`,
    allowedTenants: [...allowedTenants],
    requiredGroup: requireGroup ?? null,
    createsUsers: createUsers,
    signInHours,
  }
}
