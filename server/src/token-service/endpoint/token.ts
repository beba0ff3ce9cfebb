import { failedBefore } from '../../authorization/index.ts'
import type { Registry } from '../../resources/index.ts'
import { parseAuthorization } from '@acrux/shared/standards/http/authorization-header.ts'
import type { AccessScope } from '@acrux/shared/standards/oauth/access-scope.ts'
import { type Authentication, type PasswordCredentials, authenticatePassword } from '../tokens/authenticate-password.ts'
import type { TokenContext } from './context.ts'
import { TokenError } from './errors.ts'
import { issueCacheKey } from './issue-cache.ts'
import { type IssueCall, denyIssue, issue, reissue } from './issue.ts'
import { type TokenCall, field, requestedAccess, requireForm, requireService } from './token-request.ts'

const anonymous: Authentication = {
  credential: { kind: 'anonymous' },
  expiresAtMs: undefined,
  narrowedTo: undefined,
  deletionsSeen: undefined,
  refreshToken: undefined,
}

/** `POST /oauth2/token`, by its grant. [acr-protocol §1.5] */
export async function postToken(
  context: TokenContext,
  { registry, origin, revision, issued, parameters }: TokenCall,
): Promise<string> {
  const key = issueCacheKey('form', '', parameters)
  const call = { registry, origin, revision, issued, key }
  // The cache is keyed by the unparsed request, so that a cached response needs no parsing.
  return (await reissue(context, call)) ?? issueByForm(context, call, parameters)
}

/** `GET /oauth2/token`, by Basic credentials or, with anonymous pull, without credentials. [acr-protocol §1.6] */
export async function getToken(
  context: TokenContext,
  { request, registry, origin, revision, issued, parameters }: TokenCall,
): Promise<string> {
  const header = request.headers.authorization
  const key = header === undefined ? undefined : issueCacheKey('query', header, parameters)
  const call = { registry, origin, revision, issued, key }
  return (await reissue(context, call)) ?? issueByHeader(context, call, parameters, header)
}

async function issueByForm(context: TokenContext, call: IssueCall, parameters: string): Promise<string> {
  const form = requireForm(parameters)
  requireService(context, form, call.registry)
  const requested = requestedAccess(form)
  switch (field(form, 'grant_type')) {
    case 'refresh_token': {
      const token = field(form, 'refresh_token') ?? ''
      const authentication = await authenticateRefreshToken(context, call.registry, token)
      if (authentication === undefined) {
        const failed = await context.failures.explainToken(['refresh_token'], token, call.registry)
        return denyIssue(context, call, requested, { ...failed, reason: 'invalid-refresh-token' })
      }
      const offline = field(form, 'access_type') === 'offline'
      return issue(context, call, { authentication, requested, offline })
    }
    case 'password': {
      const username = field(form, 'username') ?? ''
      const password = field(form, 'password') ?? ''
      // The Azure SDKs request an anonymous token with both empty. A password without a name never authenticates.
      if (username === '' && password === '')
        return issue(context, call, { authentication: anonymous, requested, offline: false })
      const offline = field(form, 'access_type') === 'offline'
      return issueByPassword(context, call, { username, password }, { requested, offline })
    }
    default:
      throw new TokenError('BAD_REQUEST', 'grant_type must be refresh_token or password')
  }
}

async function issueByHeader(
  context: TokenContext,
  call: IssueCall,
  query: string,
  header: string | undefined,
): Promise<string> {
  const form = requireForm(query)
  requireService(context, form, call.registry)
  const requested = requestedAccess(form)
  const authorization = parseAuthorization(header)
  switch (authorization.scheme) {
    case 'basic': {
      const offline = field(form, 'offline_token') === 'true'
      return issueByPassword(context, call, authorization, { requested, offline })
    }
    case 'none':
      return (await allowsAnonymousAccess(context, call.registry))
        ? issue(context, call, { authentication: anonymous, requested, offline: false })
        : denyAnonymous(context, call, requested)
    case 'bearer':
    case 'invalid': {
      const decision = failedBefore('unusable-authorization')
      const actor = { kind: 'claimed', id: '' } as const
      return denyIssue(context, call, requested, { actor, reason: 'unusable-authorization', decision })
    }
  }
}

async function denyAnonymous(
  context: TokenContext,
  call: IssueCall,
  requested: readonly AccessScope[],
): Promise<never> {
  const principal = { kind: 'anonymous' } as const
  const { registry } = call
  const rights = await context.access.rightsAt(principal, registry)
  const decided = { registry, principal, rights, tokenAccess: undefined }
  const { decision = failedBefore('anonymous-pull-is-off', { kind: 'enable-anonymous-pull' }) } =
    context.explanations.explainSmallerToken(decided, requested, [])
  return denyIssue(context, call, requested, {
    actor: { kind: 'anonymous', id: '' },
    reason: 'anonymous-pull-disabled',
    decision,
  })
}

/** Whether anonymous callers may read anything of the registry: all of it, or what a scope map names. */
async function allowsAnonymousAccess({ access }: TokenContext, registry: Registry): Promise<boolean> {
  return registry.anonymousPullEnabled || access.anonymousAccess.isGiven(registry.rid)
}

async function authenticateRefreshToken(
  context: TokenContext,
  registry: Registry,
  token: string,
): Promise<Authentication | undefined> {
  const verified = await context.tokens.verify('refresh_token', token, registry)
  if (verified === undefined) return undefined
  const { credential, expiresAtMs, narrowedTo } = verified
  return { credential, expiresAtMs, narrowedTo, deletionsSeen: undefined, refreshToken: token }
}

async function issueByPassword(
  context: TokenContext,
  call: IssueCall,
  credentials: PasswordCredentials,
  { requested, offline }: { readonly requested: readonly AccessScope[]; readonly offline: boolean },
): Promise<string> {
  const { remoteAddress } = call.origin
  const options = { acceptTokens: true, remoteAddress }
  const authentication = await authenticatePassword(context, call.registry, credentials, options)
  if (authentication === undefined) {
    const failed = await context.failures.explainPassword(credentials, call.registry, options)
    const reason = failed.message === undefined ? 'wrong-credentials' : 'invalid-workload-token'
    return denyIssue(context, call, requested, { ...failed, reason })
  }
  return issue(context, call, { authentication, requested, offline })
}
