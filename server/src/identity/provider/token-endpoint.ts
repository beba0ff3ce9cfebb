import type { Audit } from '../../audit/index.ts'
import type { Directory } from '../../directory/index.ts'
import type { Call } from '../../platform/http/surface.ts'
import type { KnownSenders, SenderBudget } from '../../platform/limits/sender-budget.ts'
import { parseAuthorization } from '@acrux/shared/standards/http/authorization-header.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { AuthenticateClient, AuthenticatedClient } from '../grants/client-authentication.ts'
import { EntraError } from '../tokens/errors.ts'
import type { Grant, Progress } from '../grants/grant.ts'
import { type AddressedTenant, type TokenVersion, requireTenant } from '../tokens/tenants.ts'
import { type TokenForm, requireTokenForm } from '../tokens/token-form.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

export type TokenEndpointContext = {
  readonly directory: Directory
  readonly audit: Audit
  readonly publicOrigin: PublicOrigin
  readonly authenticateClient: AuthenticateClient
  /** By `grant_type`. */
  readonly grants: ReadonlyMap<string, Grant>
  /** The addresses that authenticated recently. */
  readonly senders: KnownSenders
  /** The budget of denied token requests. */
  readonly tokenRejections: SenderBudget
}

/**
 * How many denied requests of an address are audited. This limit protects the disk from a client in a loop; secrets
 * of 256 bits need no
 * protection from guessing. Valid requests are never limited, so nobody can lock out others.
 */
export const tokenRejectionAllowance = { burst: 600, perSecond: 10 }

/** The parts of a request that were parsed before it failed, for its audit event. */
type EndpointProgress = Progress & { form?: TokenForm }

/** The handler of `POST /{tenant}/oauth2/token` (version 1) and `POST /{tenant}/oauth2/v2.0/token` (version 2). */
export function tokenEndpoint(version: TokenVersion) {
  return async (context: TokenEndpointContext, call: Call<undefined>): Promise<unknown> => {
    call.reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
    const authorization = parseAuthorization(call.request.headers.authorization)
    const progress: EndpointProgress = {}
    try {
      const tokens = await issueTokens(context, call, version, progress)
      context.senders.note(call.origin.remoteAddress)
      return tokens
    } catch (error) {
      // The polls of a waiting device are not failures.
      if (!(error instanceof EntraError) || error.kind === 'pending' || error.kind === 'slowDown') throw error
      if (authorization.scheme === 'basic' && error.status === 401) {
        call.reply.header('www-authenticate', 'Basic realm="Acrux"')
      }
      if (error.retryAfterSeconds !== undefined) call.reply.header('retry-after', String(error.retryAfterSeconds))
      // The client is not authenticated, so its id is recorded only if it is well-formed.
      const claimed = authorization.scheme === 'basic' ? authorization.username : progress.form?.get('client_id')
      if (!context.tokenRejections.spend(call.origin.remoteAddress)) {
        call.reply.header('retry-after', '5')
        throw new EntraError('tooManyRejections', [], { cause: error })
      }
      await context.audit.append({
        action: 'identity-token.issue',
        outcome: 'refused',
        actor: { kind: 'claimed', id: parseGuid(claimed ?? '') ?? '' },
        target: progress.resource ?? '',
        reason: `AADSTS${error.number}`,
        origin: call.origin,
      })
      throw error
    }
  }
}

async function issueTokens(
  context: TokenEndpointContext,
  call: Call<undefined>,
  version: TokenVersion,
  progress: EndpointProgress,
): Promise<unknown> {
  const { directory, grants, authenticateClient, publicOrigin } = context
  const form = requireTokenForm(call.request.body, call.request.query)
  progress.form = form
  const grantType = form.get('grant_type')
  if (grantType === undefined || grantType === '') throw new EntraError('missingParameter', ['grant_type'])
  const grant = grants.get(grantType)
  if (grant === undefined) throw new EntraError('unsupportedGrant', [grantType])
  const addressed = await requireTenant(directory, call.params['tenant'] ?? '')
  const { tenant } = addressed
  const tokenEndpointUrls = tokenEndpointUrlsOf(publicOrigin, addressed, version)
  const { authorization } = call.request.headers
  const client = await authenticateClient(form, authorization, { tenant, tokenEndpointUrls })
  noteUse(context, client)
  return grant({
    form,
    version,
    addressed,
    client,
    origin: call.origin,
    pageOrigin: call.request.headers.origin,
    allowPage: (pageOrigin) => {
      call.reply.header('access-control-allow-origin', pageOrigin).header('vary', 'origin')
    },
    progress,
  })
}

/** Notes the use of a credential also if the tokens are those of a user, whose sign-in the events of the grant name. */
function noteUse({ audit }: TokenEndpointContext, client: AuthenticatedClient): void {
  if (client.kind !== 'confidential') return
  const { servicePrincipal, method, credentialId } = client
  audit.noteUse({ kind: 'service-principal', id: servicePrincipal.objectId }, { kind: method, id: credentialId })
}

/** The URLs of this endpoint. A client assertion names one of them as its audience. */
function tokenEndpointUrlsOf(publicOrigin: PublicOrigin, addressed: AddressedTenant, version: TokenVersion): string[] {
  const { tenantId, defaultDomain } = addressed.tenant
  const segments = [tenantId, defaultDomain, ...(addressed.kind === 'any' ? [addressed.alias] : [])]
  const { protocol, hostname, port } = new URL(String(publicOrigin))
  const origins = [
    String(publicOrigin),
    ...(port === '' ? [`${protocol}//${hostname}:${protocol === 'https:' ? 443 : 80}`] : []),
  ]
  const end = `/oauth2${version === '2.0' ? '/v2.0' : ''}/token`
  return origins.flatMap((origin) => segments.map((segment) => `${origin}/${segment}${end}`))
}
