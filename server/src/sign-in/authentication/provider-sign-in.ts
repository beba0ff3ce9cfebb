import type { FastifyReply } from 'fastify'
import type { ExternalSignIn } from '../../directory/index.ts'
import { unknownInstantMs } from '../../credentials/index.ts'
import { type UpstreamSignIn, type UpstreamRejection, upstreamRejection } from '../../issuers/index.ts'
import { html } from '../pages/html.ts'
import { openFlowStep } from '../flow/flow-step.ts'
import type { Remaining } from '../sessions/sessions.ts'
import type { Context } from '../flow/context.ts'
import { flowPath, requireFlow } from '../flow/flow-path.ts'
import { type PageCall, queryOf } from '../flow/page-call.ts'
import { redirectTo, sendPage } from '../flow/send-page.ts'

const hourMs = 60 * 60 * 1000
/** The tolerated difference between the clock of a provider and ours. */
const toleranceMs = 60 * 1000

/** Redirects the browser to an organisation's provider. */
export async function startProviderSignIn(context: Context, call: PageCall): Promise<FastifyReply> {
  const { caller, params, origin, reply } = call
  const [text, ...others] = new URLSearchParams(queryOf(call)).getAll('flow')
  const flow = requireFlow(context, caller, others.length > 0 ? undefined : text)
  const { destination } = await openFlowStep(context, call, flow)
  const started = await context.upstreams.begin(params['provider'] ?? '', {
    browser: caller.browser,
    flow: context.flows.write(caller.browser, flow),
    remoteAddress: origin.remoteAddress,
    loginHint: flow.hint,
    domainHint: destination.kind === 'authorize' ? destination.request.domainHint : undefined,
    authenticatedAfterMs: destination.requirement.authenticatedAfterMs,
    mustChooseAccount: destination.requirement.mustChooseAccount,
    wantsAnotherAccount: flow.wantsAnotherAccount === true,
  })
  if ('rejection' in started)
    return sendRejection(context, call, started.rejection, context.flows.write(caller.browser, flow))
  const headers = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }
  return reply.code(303).headers(headers).header('location', started.location).send()
}

/** Signs in a person whom an organisation's provider authenticated. */
export async function finishProviderSignIn(context: Context, call: PageCall): Promise<FastifyReply> {
  const { caller, params, origin } = call
  const arrival = { browser: caller.browser, query: queryOf(call), correlationId: origin.correlationId }
  const result = await context.upstreams.finish(params['provider'] ?? '', arrival)
  if ('rejection' in result) return sendRejection(context, call, result.rejection, result.flow)
  const flow = requireFlow(context, caller, result.flow)
  const { settings } = result
  const person = { ...result.person, methods: acceptedMethods(context, result) }
  const authenticated = { ...result, person }
  const { outcome, sessionId } = await recordProviderSignIn(
    context,
    call,
    authenticated,
    await remainingOf(context, authenticated),
  )
  if (outcome.outcome !== 'verified') {
    const failure = outcome.outcome === 'too-many-groups' ? 'groups-unreadable' : outcome.outcome
    await context.audit.append({
      action: 'sign-in.provider',
      outcome: 'refused',
      reason: failure,
      actor: { kind: 'claimed', id: `${person.issuer}#${person.subject}` },
      target: settings.name,
      origin,
    })
    return sendRejection(context, call, upstreamRejection(failure), result.flow)
  }
  context.senders.note(origin.remoteAddress)
  if (sessionId !== undefined) call.reply.header('set-cookie', context.jar.write(context.jar.sessionName, sessionId))
  return redirectTo(call.reply, flowPath(context, caller, { ...flow, chosen: outcome.user.objectId }))
}

/** The methods that the provider reports, without second factors unless the operator accepts them. */
function acceptedMethods({ acceptsProviderMfa }: Context, { person }: UpstreamSignIn): readonly string[] {
  return acceptsProviderMfa ? person.methods : person.methods.filter((method) => method === 'fed')
}

/** A person with a second factor here must use it, unless the provider required one. */
async function remainingOf(
  { credentials, directory }: Context,
  { person }: UpstreamSignIn,
): Promise<readonly Remaining[]> {
  if (person.methods.includes('mfa')) return []
  const user = await directory.findExternalUser(person)
  const due = await credentials.secondFactorDue(user?.objectId ?? '', person.methods)
  if (due !== undefined) return [due]
  if (user === undefined) return []
  const { totp, passkeys } = await credentials.secondFactors.of(user.objectId)
  return totp || passkeys > 0 ? ['second-factor'] : []
}

/** Records user, groups, session and event in one transaction. */
async function recordProviderSignIn(
  { database, directory, sessions, audit, clock }: Context,
  { caller, origin }: PageCall,
  { settings, person }: UpstreamSignIn,
  remaining: readonly Remaining[],
): Promise<{ readonly outcome: ExternalSignIn; readonly sessionId: string | undefined }> {
  const nowMs = clock.now()
  const lifetimeMs = settings.signInHours * hourMs
  const { methods, authenticatedAtMs, ...external } = person
  const externalPerson = { ...external, expiresAtMs: nowMs + lifetimeMs }
  return database.transaction(async (transaction) => {
    const outcome = await directory.signInExternalPerson(transaction, externalPerson, settings)
    if (outcome.outcome !== 'verified') return { outcome, sessionId: undefined }
    const { user, isNew } = outcome
    await audit.record(transaction, {
      action: 'sign-in.provider',
      outcome: 'success',
      actor: { kind: 'user', id: user.objectId },
      credential: { kind: 'identity-provider', id: settings.name },
      target: user.objectId,
      detail: { provider: settings.name, issuer: person.issuer, subject: person.subject, isNew, methods },
      origin,
    })
    const sessionId = await sessions.signIn(transaction, caller.sessionId, {
      user,
      methods,
      // Without a time from the provider, the authentication may be old and is never fresh enough.
      authenticatedAtMs:
        authenticatedAtMs === undefined ? unknownInstantMs : Math.min(nowMs, authenticatedAtMs + toleranceMs),
      remaining,
      lifetimeMs,
      use: origin,
    })
    return { outcome, sessionId }
  })
}

function sendRejection(
  context: Context,
  call: PageCall,
  rejection: UpstreamRejection,
  flow: string | undefined,
): Promise<FastifyReply> {
  const { title, text, detail, status } = rejection
  const body = html`<p class="error" role="alert">${text}</p>
    ${detail !== undefined && html`<p class="quiet">Message from the provider: ${detail}</p>`}
    <p><a href="${flow === undefined ? '/account/security' : `/sign-in?flow=${flow}`}">Sign in another way</a></p>
    <p class="quiet">Correlation ID: ${call.origin.correlationId}</p>`
  return sendPage(context, call.reply, { title, body, status, hasError: true })
}
