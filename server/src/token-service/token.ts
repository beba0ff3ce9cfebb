import { type Form, parseForm } from '../spec/form.ts'
import { type AccessScope, formatAccessScope, intersectAccess } from '../spec/access-scope.ts'
import type { Origin } from '../platform/http/app.ts'
import { andThen } from '../platform/sql/authority-memory.ts'
import type { AuditActor } from '../audit/index.ts'
import type { Registry } from '../resources/index.ts'
import { parseAuthorization } from '../spec/authorization-header.ts'
import { type MintedToken, TokenTooLongError, publicAccess } from './acr-token.ts'
import { auditActor, standingPrincipal } from './credential.ts'
import { TokenError, wrongCredentialsMessage } from './errors.ts'
import { type PasswordProof, provePassword } from './prove.ts'
import type { TokenRooms } from './token-rooms.ts'
import { askedAccess, field, requireService } from './token-request.ts'

/** What the token endpoint answers; ACR sends the first field alone, the others are legal and spare clients traffic. [acr-protocol §1.7] */
export type TokenAnswer = {
  readonly access_token: string
  readonly token: string
  readonly expires_in: number
  readonly issued_at: string
  readonly scope: string
  readonly refresh_token?: string
}

const anonymousProof: PasswordProof = {
  credential: { kind: 'anonymous' },
  expiresAtMs: undefined,
  narrowedTo: undefined,
  sinceMs: undefined,
  refreshToken: undefined,
}

/** `POST /oauth2/token`, by its grant. [acr-protocol §1.5] */
export async function postToken(
  rooms: TokenRooms,
  registry: Registry,
  form: Form,
  origin: Origin,
): Promise<TokenAnswer> {
  requireService(form, registry)
  const asked = askedAccess(form)
  switch (field(form, 'grant_type')) {
    case 'refresh_token': {
      const token = field(form, 'refresh_token') ?? ''
      const proving = proveRefreshToken(rooms, registry, token)
      const proof = proving instanceof Promise ? await proving : proving
      if (proof === undefined)
        return refuse(rooms, registry, origin, { kind: 'claimed', id: '' }, 'invalid-refresh-token')
      return issue(rooms, registry, proof, asked, origin, field(form, 'access_type') === 'offline')
    }
    case 'password': {
      const username = field(form, 'username') ?? ''
      const password = field(form, 'password') ?? ''
      // With neither it is how the Azure SDKs ask for an anonymous token; a password without a name proves nobody.
      if (username === '' && password === '') return issue(rooms, registry, anonymousProof, asked, origin, false)
      const offline = field(form, 'access_type') === 'offline'
      return issueByPassword(rooms, registry, { username, password }, asked, origin, offline)
    }
    default:
      throw new TokenError('BAD_REQUEST', 'grant_type must be refresh_token or password')
  }
}

/** `GET /oauth2/token`, by Basic credentials or, where anonymous pull is on, without any. [acr-protocol §1.6] */
export async function getToken(
  rooms: TokenRooms,
  registry: Registry,
  query: string,
  authorizationHeader: string | undefined,
  origin: Origin,
): Promise<TokenAnswer> {
  const form = parseForm(query)
  if (form === undefined) throw new TokenError('BAD_REQUEST', 'the query is malformed')
  requireService(form, registry)
  const asked = askedAccess(form)
  const authorization = parseAuthorization(authorizationHeader)
  switch (authorization.scheme) {
    case 'basic': {
      const offline = field(form, 'offline_token') === 'true'
      return issueByPassword(rooms, registry, authorization, asked, origin, offline)
    }
    case 'none':
      if (registry.anonymousPullEnabled) return issue(rooms, registry, anonymousProof, asked, origin, false)
      return refuse(rooms, registry, origin, { kind: 'anonymous', id: '' }, 'anonymous-pull-disabled')
    case 'bearer':
    case 'invalid':
      return refuse(rooms, registry, origin, { kind: 'claimed', id: '' }, 'unusable-authorization')
  }
}

function proveRefreshToken(
  rooms: TokenRooms,
  registry: Registry,
  token: string,
): PasswordProof | undefined | Promise<PasswordProof | undefined> {
  return andThen(rooms.tokens.verify('refresh_token', token, registry), (verified) => {
    if (verified === undefined) return undefined
    const { credential, expiresAtMs } = verified
    return { credential, expiresAtMs, narrowedTo: undefined, sinceMs: undefined, refreshToken: token }
  })
}

async function issueByPassword(
  rooms: TokenRooms,
  registry: Registry,
  { username, password }: { readonly username: string; readonly password: string },
  asked: readonly AccessScope[],
  origin: Origin,
  offline: boolean,
): Promise<TokenAnswer> {
  const proving = provePassword(rooms, registry, username, password, true)
  const proof = proving instanceof Promise ? await proving : proving
  if (proof === undefined)
    return refuse(rooms, registry, origin, { kind: 'claimed', id: claimedName(username) }, 'wrong-credentials')
  return issue(rooms, registry, proof, asked, origin, offline)
}

/** A name that nobody proved, if it could be one: people send a secret in its place. */
function claimedName(username: string): string {
  return /^[A-Za-z0-9-]{1,50}$/.test(username) ? username : ''
}

/**
 * Issues a token over what was asked and is allowed: a smaller one, even an empty one, is no error. Nothing is
 * awaited that is there already, as nearly all of it is. [distribution spec/auth/token.md]
 */
async function issue(
  rooms: TokenRooms,
  registry: Registry,
  proof: PasswordProof,
  asked: readonly AccessScope[],
  origin: Origin,
  offline: boolean,
): Promise<TokenAnswer> {
  const { credential } = proof
  const actor = auditActor(credential, registry)
  const standing = standingPrincipal(rooms, registry, credential)
  const principal = standing instanceof Promise ? await standing : standing
  if (principal === undefined) return refuse(rooms, registry, origin, actor, 'credential-withdrawn')
  const allowing = rooms.access.allowedAccess(principal, registry, withUntag(asked))
  const allowed = allowing instanceof Promise ? await allowing : allowing
  const access = proof.narrowedTo === undefined ? allowed : intersectAccess(allowed, proof.narrowedTo)
  const minted = await mint(rooms, registry, proof, access)
  const scope = publicAccess(access).map(formatAccessScope).join(' ')
  await rooms.audit.append({
    action: 'token.issue',
    outcome: 'success',
    actor,
    target: registry.loginServer,
    detail: { asked: asked.slice(0, 20).map(formatAccessScope), granted: scope.slice(0, 2000) },
    origin,
  })
  return {
    access_token: minted.token,
    token: minted.token,
    expires_in: minted.expiresAtMs / 1000 - Math.floor(minted.issuedAtMs / 1000),
    issued_at: new Date(minted.issuedAtMs).toISOString(),
    scope,
    ...(offline && proof.refreshToken !== undefined ? { refresh_token: proof.refreshToken } : {}),
  }
}

/** `az` asks `delete` to take a tag away, for which ACR asks no right to delete: see {@link DataPlaneNeed}. [acr-protocol §13 trap 23] */
function withUntag(asked: readonly AccessScope[]): AccessScope[] {
  return asked.map((scope) => {
    const mayMeanUntag =
      scope.type === 'repository' && scope.actions.some((a) => a === 'delete' || a === 'metadata_write')
    return mayMeanUntag ? { ...scope, actions: [...scope.actions, 'untag'] } : scope
  })
}

async function mint(
  { tokens }: TokenRooms,
  registry: Registry,
  { credential, expiresAtMs: notAfterMs, sinceMs }: PasswordProof,
  access: readonly AccessScope[],
): Promise<MintedToken> {
  try {
    return await tokens.mint('access_token', { registry, credential, access, notAfterMs, sinceMs })
  } catch (error) {
    if (error instanceof TokenTooLongError) throw new TokenError('BAD_REQUEST', error.message)
    throw error
  }
}

async function refuse(
  { audit, refusals }: TokenRooms,
  registry: Registry,
  origin: Origin,
  actor: AuditActor,
  reason: string,
): Promise<never> {
  await audit.append({ action: 'token.issue', outcome: 'refused', actor, target: registry.loginServer, reason, origin })
  const message =
    reason === 'anonymous-pull-disabled'
      ? 'authentication required'
      : `authentication required: ${wrongCredentialsMessage}`
  throw new TokenError('UNAUTHORIZED', message, { challenge: refusals.challenge(registry) })
}
