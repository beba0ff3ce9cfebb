import { type DecisionRecord, withinLimit } from '../access/index.ts'
import type { CallerBudget } from '../platform/limits/caller-budget.ts'
import type { Origin } from '../platform/http/app.ts'
import { andThen } from '../platform/memory/authority-memory.ts'
import type { AuditEvent, RecurringEvent } from '../audit/index.ts'
import type { Registry } from '../resources/index.ts'
import { type AccessScope, formatAccessScope, intersectAccess } from '../standards/oauth/access-scope.ts'
import { prepareToken, publicAccess } from './acr-token.ts'
import { budgetOf, credentialStands, provedBy, standingPrincipal } from './credential.ts'
import { TokenError, wrongCredentialsMessage } from './errors.ts'
import type { Answered, PreparedIssue } from './issue-memory.ts'
import type { PasswordProof } from './prove.ts'
import type { TokenRooms } from './token-rooms.ts'

/** How many characters of what was asked for are written down. */
const askedLimit = 1000

/** Where and how a token is asked for. */
export type IssueCall = {
  /** By which it is asked for. */
  readonly connection: object
  readonly registry: Registry
  readonly origin: Origin
  /** The revision of authority, read before all that the answer rests on. */
  readonly revision: number
  /** Under what the request is remembered; undefined for none. */
  readonly key: string | undefined
}

/**
 * Issues a token over what was asked and is allowed: a smaller one, even an empty one, is no error. Gives the document of
 * the answer. Nothing is awaited that is there already, as nearly all of it is. [distribution spec/auth/token.md]
 */
export async function issue(
  rooms: TokenRooms,
  call: IssueCall,
  proof: PasswordProof,
  asked: readonly AccessScope[],
  offline: boolean,
): Promise<string> {
  const budget = budgetOf(rooms.budgets, proof.credential, call.registry, call.origin.remoteAddress)
  return budget.spend(() => issueWithin(rooms, call, proof, asked, { offline, budget }))
}

async function issueWithin(
  rooms: TokenRooms,
  call: IssueCall,
  proof: PasswordProof,
  asked: readonly AccessScope[],
  { offline, budget }: { readonly offline: boolean; readonly budget: CallerBudget },
): Promise<string> {
  const { registry, origin, revision, key } = call
  const { credential, expiresAtMs: notAfterMs } = proof
  const deletions = proof.deletionsSeen ?? rooms.repositoryDeletions()
  const deletionsSeen = deletions instanceof Promise ? await deletions : deletions
  const who = provedBy(credential, registry)
  const standing = standingPrincipal(rooms, registry, credential)
  const principal = standing instanceof Promise ? await standing : standing
  if (principal === undefined) {
    const decision = await rooms.decisions.ofCredential(registry, credential)
    return refuse(rooms, call, asked, { ...who, reason: 'credential-withdrawn', decision })
  }
  const wanted = withUntag(asked)
  const allowing = rooms.access.allowedAccess(principal, registry, wanted)
  const allowed = allowing instanceof Promise ? await allowing : allowing
  const access = proof.narrowedTo === undefined ? allowed : intersectAccess(allowed, proof.narrowedTo)
  const scope = publicAccess(access).map(formatAccessScope).join(' ')
  const refreshToken = offline ? proof.refreshToken : undefined
  const isComplete = isWhole(access, wanted)
  const holder = { registry, principal, credential, tokenAccess: proof.narrowedTo }
  const leftOut = isComplete ? {} : await rooms.decisions.ofSmallerToken(holder, asked, access)
  const event: RecurringEvent = {
    action: 'token.issue',
    outcome: 'success',
    ...who,
    target: registry.loginServer,
    detail: { ...askedDetail(asked), granted: scope.slice(0, 512), ...leftOut },
  }
  const prepared: PreparedIssue = {
    credential,
    expiresAtMs: notAfterMs ?? Infinity,
    token: prepareToken('access_token', { registry, credential, access, notAfterMs, deletionsSeen }),
    event,
    appendEvent: rooms.audit.prepare(event),
    answerEnd: JSON.stringify({ scope, ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }) }).slice(
      1,
    ),
    answered: undefined,
    budget,
  }
  const document = await answer(rooms, prepared, origin)
  // Strangers could ask in ever more ways, what holds a secret is not kept, and a right may come that is missing now.
  const isKept = credential.kind !== 'anonymous' && refreshToken === undefined && isComplete
  if (key !== undefined && isKept) rooms.issues.keep(revision, registry, key, prepared)
  return document
}

/**
 * Issues what was issued to the same request before, with an event of its own: the very same token within its second, and
 * another one later. Undefined where nothing of it is remembered, or it cannot be proved any more.
 */
export function issueAgain(
  rooms: TokenRooms,
  { connection, registry, origin, revision, key }: IssueCall,
): string | undefined | Promise<string | undefined> {
  if (key === undefined) return undefined
  const prepared = rooms.issues.recall(connection, revision, registry, key, rooms.clock.now())
  if (prepared === undefined) return undefined
  // What was taken away moves the revision; what ends by the clock does not.
  return andThen(credentialStands(rooms, registry, prepared.credential), (stands) =>
    stands ? prepared.budget.spend(() => answer(rooms, prepared, origin)) : undefined,
  )
}

/** Answers, once the event of that is on the disk. Of one second all answers are the same one: it costs a signature. */
async function answer(rooms: TokenRooms, prepared: PreparedIssue, origin: Origin): Promise<string> {
  const second = Math.floor(rooms.clock.now() / 1000)
  const answered = prepared.answered?.second === second ? prepared.answered : sign(rooms, prepared)
  const { document } = answered instanceof Promise ? await answered : answered
  await prepared.appendEvent(origin)
  return document
}

/** What the token endpoint answers; ACR sends the first field alone, the others are legal and spare clients traffic. [acr-protocol §1.7] */
function sign({ tokens }: TokenRooms, prepared: PreparedIssue): Answered | Promise<Answered> {
  return andThen(tokens.mintPrepared(prepared.token), ({ token, issuedAtMs, expiresAtMs }) => {
    const second = Math.floor(issuedAtMs / 1000)
    const times = `"expires_in":${expiresAtMs / 1000 - second},"issued_at":"${new Date(issuedAtMs).toISOString()}"`
    const document = `{"access_token":"${token}","token":"${token}",${times},${prepared.answerEnd}`
    prepared.answered = { second, document }
    return prepared.answered
  })
}

/** `az` asks `delete` to take a tag away, for which ACR asks no right to delete: see {@link DataPlaneNeed}. [acr-protocol §13 trap 23] */
function withUntag(asked: readonly AccessScope[]): AccessScope[] {
  return asked.map((scope) => {
    const mayMeanUntag =
      scope.type === 'repository' && scope.actions.some((a) => a === 'delete' || a === 'metadata_write')
    return mayMeanUntag ? { ...scope, actions: [...scope.actions, 'untag'] } : scope
  })
}

/** Whether all that was wanted is given. */
function isWhole(given: readonly AccessScope[], wanted: readonly AccessScope[]): boolean {
  return JSON.stringify(given) === JSON.stringify(wanted)
}

function askedDetail(asked: readonly AccessScope[]) {
  return { asked: withinLimit(asked.slice(0, 20).map(formatAccessScope), askedLimit) }
}

/** Whom no token is issued to, and why: as the event tells it, and as whoever reads decisions is told. */
export type RefusedIssue = Pick<AuditEvent, 'actor' | 'credential'> & {
  readonly reason: string
  readonly decision: DecisionRecord | undefined
}

/** Refuses to issue a token, and records that. */
export async function refuse(
  { audit, refusals }: TokenRooms,
  { registry, origin }: IssueCall,
  asked: readonly AccessScope[],
  { decision, reason, ...who }: RefusedIssue,
): Promise<never> {
  await audit.append({
    action: 'token.issue',
    outcome: 'refused',
    ...who,
    target: registry.loginServer,
    reason,
    detail: { ...askedDetail(asked), granted: '', ...(decision !== undefined && { decision }) },
    origin,
  })
  const message =
    reason === 'anonymous-pull-disabled'
      ? 'authentication required'
      : `authentication required: ${wrongCredentialsMessage}`
  throw new TokenError('UNAUTHORIZED', message, { challenge: refusals.challenge(registry) })
}
