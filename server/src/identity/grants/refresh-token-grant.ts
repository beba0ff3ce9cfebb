import type { Audit } from '../../audit/index.ts'
import type { SignIn } from '../../credentials/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { networkOf } from '../../platform/limits/sender-budget.ts'
import { EntraError } from '../tokens/errors.ts'
import { type Handle, makeHandle } from './handles.ts'
import { type PersonGrantOptions, mayRequest, personOf } from './authorization-code-grant.ts'
import type { Grant, GrantRequest } from './grant.ts'
import { type PersonClient, findPlatformRejection, requirePersonClient } from './person-client.ts'
import { signInLifetimeMs } from './person-tokens.ts'
import { requireRequestedAccess } from './requested-access.ts'

type Options = PersonGrantOptions & { readonly clock: Clock; readonly audit: Audit; readonly maxSignInMs: number }
type RefreshToken = Handle<'refresh_token'>

const dayMs = 24 * 60 * 60 * 1000
/** The minimum time between two updates of a sign-in's last use. */
const minUpdateMs = 5 * 60 * 1000
/** A single-page application refreshes about hourly for a day. Each used token is stored, so their number is bounded. */
const maxRotations = 200

/**
 * Creates the grant that continues a sign-in. The refresh token of a program stays the same, since az uses it from several
 * processes at once; that of a page in a browser is replaced at each use, and a second use of one ends the sign-in.
 * Each refresh token is bound to person, tenant, client and sign-in. It expires with its sign-in, after a time
 * without use, or at the maximum age. [RFC 6749 §6; RFC 9700
 * §2.2.2, §4.14]
 */
export function createRefreshTokenGrant(options: Options): Grant {
  const { clients, tokens } = options
  return async (request) => {
    const caller = await requirePersonClient(clients, request)
    const refreshToken = request.form.get('refresh_token') ?? ''
    const found = await requireOwnToken(options, request, caller, refreshToken)
    if (found.used) return denyReuse(options, request, found, refreshToken)
    requireUnexpired(options, found)
    const { data, signInId } = found
    const rejection = findPlatformRejection(caller, data.platform, request)
    if (rejection !== undefined) throw new EntraError(rejection)
    const access = requireRequestedAccess(request, options, data)
    request.progress.resource = access.resource.aud
    if (!mayRequest(caller, data, access.resource)) throw new EntraError('anotherResource', [caller.client.clientId])
    const user = await tokens.requireStanding(data.objectId, signInId)
    const signIn = await requireSufficientSignIn(options, found)
    await recordUse(options, request, found, signIn)
    const next =
      data.platform === 'spa'
        ? await rotate(options, request, found, refreshToken)
        : { refreshToken, expiresAtMs: await extend(options, found) }
    const content = { user, caller, person: personOf(data), signInId: signIn.id, access, nonce: undefined, ...next }
    return tokens.issue(request, content)
  }
}

/** Finds the token of this client and tenant. It may be used up or expired. @throws EntraError */
async function requireOwnToken(
  { handles }: Options,
  { addressed }: GrantRequest,
  { client }: PersonClient,
  refreshToken: string,
): Promise<RefreshToken> {
  if (refreshToken === '') throw new EntraError('missingParameter', ['refresh_token'])
  const found = await handles.findAny('refresh_token', refreshToken)
  if (found === undefined) throw new EntraError('invalidCode', ['refresh_token'])
  const { clientId, tenantId } = found.data
  if (client.clientId !== clientId || addressed.tenant.tenantId !== tenantId) throw new EntraError('codeOfAnother')
  return found
}

/** @throws EntraError if the token or its sign-in has expired */
function requireUnexpired({ clock, maxSignInMs }: Options, { createdAtMs, expiresAtMs }: RefreshToken): void {
  const nowMs = clock.now()
  if (nowMs >= createdAtMs + maxSignInMs) throw new EntraError('tooOld')
  if (nowMs >= expiresAtMs) throw new EntraError('inactive')
}

/** The sign-in of the token. @throws EntraError if it has ended, or if its methods are no longer sufficient */
async function requireSufficientSignIn({ credentials }: Options, { data, signInId }: RefreshToken): Promise<SignIn> {
  const signIn = signInId === undefined ? undefined : await credentials.findSignIn(signInId)
  if (signIn === undefined) throw new EntraError('revoked')
  // The policy may be stricter than when the person signed in.
  const due = await credentials.secondFactorDue(data.objectId, data.methods)
  if (due !== undefined) throw new EntraError(due === 'enrolment' ? 'enrolmentNeeded' : 'secondFactorNeeded')
  return signIn
}

/** Extends the token of a program. Writes at most once a day. */
async function extend(
  { database, credentials, handles, clock, maxSignInMs }: Options,
  { data, hash, createdAtMs, expiresAtMs, signInId }: RefreshToken,
): Promise<number> {
  const nowMs = clock.now()
  const lifetimeMs = Math.min(signInLifetimeMs(data.platform, true), createdAtMs + maxSignInMs - nowMs)
  if (signInId === undefined || expiresAtMs - nowMs > lifetimeMs - dayMs) {
    return Math.min(expiresAtMs, createdAtMs + maxSignInMs)
  }
  await database.transaction(async (transaction) => {
    await handles.extend(transaction, 'refresh_token', hash, lifetimeMs)
    await credentials.touchSignIn(transaction, signInId, lifetimeMs)
  })
  return nowMs + lifetimeMs
}

/** Replaces the token of a single-page application for its remaining lifetime. Of concurrent requests, one succeeds. */
async function rotate(options: Options, request: GrantRequest, found: RefreshToken, refreshToken: string) {
  const { database, handles, credentials, clock } = options
  const { data, expiresAtMs, signInId } = found
  const next = makeHandle('refresh_token')
  const rotations = (data.rotations ?? 0) + 1
  const outcome = await database.transaction(async (transaction) => {
    const use = await handles.use(transaction, 'refresh_token', refreshToken)
    if (use.outcome !== 'used' || signInId === undefined) return use.outcome
    if (rotations > maxRotations) {
      await credentials.endSignIn(transaction, signInId)
      return 'expired'
    }
    const lifetimeMs = expiresAtMs - clock.now()
    const owner = { objectId: data.objectId, signInId }
    await handles.put(transaction, 'refresh_token', next, { data: { ...data, rotations }, lifetimeMs, ...owner })
    return 'used'
  })
  if (outcome === 'replayed') await recordReuse(options, request, found)
  if (outcome !== 'used') throw new EntraError(outcome === 'replayed' ? 'reusedRefreshToken' : 'inactive')
  return { refreshToken: next, expiresAtMs }
}

/** Revokes the sign-in of a token that was already replaced: the token has leaked. */
async function denyReuse(
  options: Options,
  request: GrantRequest,
  found: RefreshToken,
  refreshToken: string,
): Promise<never> {
  await options.database.transaction((transaction) => options.handles.use(transaction, 'refresh_token', refreshToken))
  await recordReuse(options, request, found)
  throw new EntraError('reusedRefreshToken')
}

function recordReuse({ audit }: Options, { origin }: GrantRequest, { data, signInId }: RefreshToken): Promise<void> {
  return audit.append({
    action: 'sign-in.refresh-token-reuse',
    outcome: 'refused',
    reason: 'reused',
    actor: { kind: 'user', id: data.objectId },
    ...(signInId === undefined ? {} : { credential: { kind: 'sign-in', id: signInId } }),
    target: data.objectId,
    detail: { client: data.clientId },
    origin,
  })
}

/** Stores time and address of the last use, and audits a change of the network. */
async function recordUse(
  { database, credentials, audit, clock }: Options,
  { origin }: GrantRequest,
  { data }: RefreshToken,
  signIn: { readonly id: string; readonly lastUsedAtMs: number; readonly remoteAddress: string | undefined },
): Promise<void> {
  const { id, lastUsedAtMs, remoteAddress: before } = signIn
  const isElsewhere = before !== undefined && networkOf(before) !== networkOf(origin.remoteAddress)
  if (!isElsewhere && clock.now() - lastUsedAtMs < minUpdateMs) return
  await database.transaction(async (transaction) => {
    await credentials.recordSignInUse(transaction, id, origin)
    if (!isElsewhere) return
    await audit.record(transaction, {
      action: 'sign-in.network-change',
      outcome: 'success',
      actor: { kind: 'user', id: data.objectId },
      credential: { kind: 'sign-in', id },
      target: data.objectId,
      detail: { client: data.clientId, before },
      origin,
    })
  })
}
