import type { Audit } from '../audit/index.ts'
import type { Directory } from '../directory/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Call } from '../platform/http/surface.ts'
import { type KnownSenders, createSenderBudget } from '../platform/limits/sender-budget.ts'
import { parseAuthorization } from '../standards/http/authorization-header.ts'
import { parseGuid } from '../standards/azure/guid.ts'
import type { AuthenticateClient } from './client-auth.ts'
import { EntraError } from './entra-errors.ts'
import type { Grant, Progress } from './grants/grant.ts'
import { type AddressedTenant, type TokenVersion, requireTenant } from './tenants.ts'
import { type TokenForm, readTokenForm } from './token-form.ts'

export type TokenEndpointOptions = {
  readonly directory: Directory
  readonly clock: Clock
  readonly audit: Audit
  readonly publicOrigin: string
  readonly authenticateClient: AuthenticateClient
  /** By `grant_type`. */
  readonly grants: ReadonlyMap<string, Grant>
  readonly senders: KnownSenders
}

/**
 * How many refusals are answered in full. It protects the disk, to which each is written, from a client in a loop; secrets
 * of 256 bits need no protection from guessing. What succeeds is never held up, so nobody can lock anybody out.
 */
const refusalAllowance = { burst: 600, perSecond: 10 }

/** What an audit event can tell of a request, as far as it was understood. */
type EndpointProgress = Progress & { form?: TokenForm }

/** Makes the handler of `POST /{tenant}/oauth2/token` (version 1) or `POST /{tenant}/oauth2/v2.0/token` (version 2). */
export function createTokenEndpoint(options: TokenEndpointOptions) {
  const { audit, clock, senders } = options
  const budget = createSenderBudget(clock, refusalAllowance, senders)

  return async (call: Call<undefined>, version: TokenVersion): Promise<unknown> => {
    call.reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
    const authorization = parseAuthorization(call.request.headers.authorization)
    const progress: EndpointProgress = {}
    try {
      const tokens = await answer(options, call, version, progress)
      senders.note(call.origin.remoteAddress)
      return tokens
    } catch (error) {
      // A device that waits is refused every few seconds, and nothing is wrong with that.
      if (!(error instanceof EntraError) || error.kind === 'pending' || error.kind === 'slowDown') throw error
      if (authorization.scheme === 'basic' && error.status === 401) {
        call.reply.header('www-authenticate', 'Basic realm="Acrux"')
      }
      if (error.retryAfterSeconds !== undefined) call.reply.header('retry-after', String(error.retryAfterSeconds))
      // What was only claimed is written down only if it could be true.
      const claimed = authorization.scheme === 'basic' ? authorization.username : progress.form?.get('client_id')
      if (!budget.spend(call.origin.remoteAddress)) {
        call.reply.header('retry-after', '5')
        throw new EntraError('tooManyRefusals', [], { cause: error })
      }
      await audit.append({
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

async function answer(
  options: TokenEndpointOptions,
  call: Call<undefined>,
  version: TokenVersion,
  progress: EndpointProgress,
): Promise<unknown> {
  const { directory, grants, authenticateClient, publicOrigin } = options
  const form = readTokenForm(call.request.body, call.request.query)
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

/** Every way in which a client may have addressed this endpoint: assertions name it as their audience. */
function tokenEndpointUrlsOf(publicOrigin: string, addressed: AddressedTenant, version: TokenVersion): string[] {
  const { tenantId, defaultDomain } = addressed.tenant
  const segments = [tenantId, defaultDomain, ...(addressed.kind === 'any' ? [addressed.alias] : [])]
  const { protocol, hostname, port } = new URL(publicOrigin)
  const origins = [
    publicOrigin,
    ...(port === '' ? [`${protocol}//${hostname}:${protocol === 'https:' ? 443 : 80}`] : []),
  ]
  const end = `/oauth2${version === '2.0' ? '/v2.0' : ''}/token`
  return origins.flatMap((origin) => segments.map((segment) => `${origin}/${segment}${end}`))
}
