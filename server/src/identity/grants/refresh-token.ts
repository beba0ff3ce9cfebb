import type { Audit } from '../../audit/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { networkOf } from '../../platform/limits/sender-budget.ts'
import { EntraError } from '../entra-errors.ts'
import { type Handle, makeHandle } from '../handles.ts'
import { type PersonGrantOptions, mayAsk, personOf } from './authorization-code.ts'
import type { Grant, GrantRequest } from './grant.ts'
import { findPlatformRefusal, requirePersonClient } from './person-client.ts'
import { signInLifetimeMs } from './person-tokens.ts'
import { readRequestedAccess } from './requested-access.ts'

type Options = PersonGrantOptions & { readonly clock: Clock; readonly audit: Audit; readonly maxSignInMs: number }
type RefreshToken = Handle<'refresh_token'>

const dayMs = 24 * 60 * 60 * 1000
/** The last use of a sign-in is written this often at most. */
const noteMs = 5 * 60 * 1000
/** A page refreshes about hourly for a day. Used tokens are remembered one by one, so there must be an end to them. */
const maxRotations = 200

/**
 * Creates the grant that continues a sign-in. The refresh token of a program stays the same, since az uses it from several
 * processes at once; that of a page in a browser is replaced at each use, and a second use of one ends the sign-in. Each is bound
 * to person, tenant, client and sign-in, and expires with its sign-in, without use, or at the maximum age. [RFC 6749 §6; RFC 9700
 * §2.2.2, §4.14]
 */
export function createRefreshTokenGrant(options: Options): Grant {
  const { credentials, clients, handles, tokens, clock } = options
  return async (request) => {
    const { form, addressed, progress } = request
    const by = await requirePersonClient(clients, request)
    const refreshToken = form.get('refresh_token') ?? ''
    if (refreshToken === '') throw new EntraError('missingParameter', ['refresh_token'])
    const found = await handles.findAny('refresh_token', refreshToken)
    if (found === undefined) throw new EntraError('invalidCode', ['refresh_token'])
    const { data, signInId } = found
    if (by.client.clientId !== data.clientId || addressed.tenant.tenantId !== data.tenantId) {
      throw new EntraError('codeOfAnother')
    }
    if (found.used) return refuseReuse(options, request, found, refreshToken)
    if (clock.now() >= found.createdAtMs + options.maxSignInMs) throw new EntraError('tooOld')
    if (clock.now() >= found.expiresAtMs) throw new EntraError('inactive')
    const refusal = findPlatformRefusal(by, data.platform, request)
    if (refusal !== undefined) throw new EntraError(refusal)
    const access = readRequestedAccess(request, options, data)
    progress.resource = access.resource.aud
    if (!mayAsk(by, data, access.resource)) throw new EntraError('anotherResource', [by.client.clientId])
    const user = await tokens.requireStanding(data.objectId, signInId)
    const signIn = signInId === undefined ? undefined : await credentials.findSignIn(signInId)
    if (signInId === undefined || signIn === undefined) throw new EntraError('revoked')
    // The policy may be stricter than when the person signed in.
    const due = await credentials.secondFactorDue(data.objectId, data.methods)
    if (due !== undefined) throw new EntraError(due === 'enrolment' ? 'enrolmentNeeded' : 'secondFactorNeeded')
    await noteUse(options, request, found, signIn)
    const next =
      data.platform === 'spa'
        ? await rotate(options, request, found, refreshToken)
        : { refreshToken, expiresAtMs: await prolong(options, found) }
    const issue = { user, by, person: personOf(data), signInId, access, nonce: undefined, ...next }
    return tokens.answer(request, issue)
  }
}

/** Lets the token of a program live on. Writes at most once a day, however often it is used. */
async function prolong(
  { database, credentials, handles, clock, maxSignInMs }: Options,
  { data, hash, createdAtMs, expiresAtMs, signInId }: RefreshToken,
): Promise<number> {
  const nowMs = clock.now()
  const lifetimeMs = Math.min(signInLifetimeMs(data.platform, true), createdAtMs + maxSignInMs - nowMs)
  if (signInId === undefined || expiresAtMs - nowMs > lifetimeMs - dayMs) {
    return Math.min(expiresAtMs, createdAtMs + maxSignInMs)
  }
  await database.transaction(async (transaction) => {
    await handles.prolong(transaction, 'refresh_token', hash, lifetimeMs)
    await credentials.touchSignIn(transaction, signInId, lifetimeMs)
  })
  return nowMs + lifetimeMs
}

/** Replaces the token of a page, for the rest of its time. Of all who try at once, one succeeds. */
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

/** A token that was replaced is known to two: to the page, and to whoever shows it now. Both lose the sign-in. */
async function refuseReuse(
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

/** Keeps when and from where a sign-in is used, and records when that becomes another network. */
async function noteUse(
  { database, credentials, audit, clock }: Options,
  { origin }: GrantRequest,
  { data }: RefreshToken,
  signIn: { readonly id: string; readonly lastUsedAtMs: number; readonly remoteAddress: string | undefined },
): Promise<void> {
  const { id, lastUsedAtMs, remoteAddress: before } = signIn
  const isElsewhere = before !== undefined && networkOf(before) !== networkOf(origin.remoteAddress)
  if (!isElsewhere && clock.now() - lastUsedAtMs < noteMs) return
  await database.transaction(async (transaction) => {
    await credentials.noteSignInUse(transaction, id, origin)
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
