import type { FastifyReply } from 'fastify'
import { unknownInstantMs } from '../credentials/index.ts'
import type { ExternalSignIn } from '../directory/index.ts'
import { type UpstreamProof, type UpstreamRefusal, upstreamRefusal } from '../upstream/index.ts'
import { html } from './html.ts'
import { openStage } from './stage.ts'
import type { Remaining } from './sessions.ts'
import { type PageCall, type Site, flowPath, goTo, queryText, requireFlow, sendPage } from './site.ts'

const hourMs = 60 * 60 * 1000
/** For the clock of a provider, which tells when somebody proved themselves. */
const toleranceMs = 60 * 1000

/** Sends the browser to an organisation's provider. */
export async function beginUpstream(site: Site, call: PageCall): Promise<FastifyReply> {
  const { caller, params, origin, reply } = call
  const [text, ...others] = new URLSearchParams(queryText(call)).getAll('flow')
  const flow = requireFlow(site, caller, others.length > 0 ? undefined : text)
  const { way } = await openStage(site, call, flow)
  const begun = await site.upstreams.begin(params['provider'] ?? '', {
    browser: caller.browser,
    flow: site.flows.write(caller.browser, flow),
    remoteAddress: origin.remoteAddress,
    loginHint: flow.hint,
    domainHint: way.kind === 'authorize' ? way.request.domainHint : undefined,
    authenticatedAfterMs: way.demand.authenticatedAfterMs,
    isToChoose: way.demand.isToChoose,
    wantsAnother: flow.wantsAnother === true,
  })
  if ('refusal' in begun) return refuse(site, call, begun.refusal, site.flows.write(caller.browser, flow))
  const headers = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }
  return reply.code(303).headers(headers).header('location', begun.location).send()
}

/** Takes in whom an organisation's provider sent back. */
export async function finishUpstream(site: Site, call: PageCall): Promise<FastifyReply> {
  const { caller, params, origin } = call
  const arrival = { browser: caller.browser, query: queryText(call), correlationId: origin.correlationId }
  const result = await site.upstreams.finish(params['provider'] ?? '', arrival)
  if ('refusal' in result) return refuse(site, call, result.refusal, result.flow)
  const flow = requireFlow(site, caller, result.flow)
  const { settings } = result
  const person = { ...result.person, methods: believedMethods(site, result) }
  const proof = { ...result, person }
  const { outcome, sessionId } = await takeIn(site, call, proof, await remainingOf(site, proof))
  if (outcome.outcome !== 'proved') {
    const failure = outcome.outcome === 'too-many-groups' ? 'groups-unreadable' : outcome.outcome
    await site.audit.append({
      action: 'sign-in.provider',
      outcome: 'refused',
      reason: failure,
      actor: { kind: 'claimed', id: `${person.issuer}#${person.subject}` },
      target: settings.name,
      origin,
    })
    return refuse(site, call, upstreamRefusal(failure), result.flow)
  }
  site.senders.note(origin.remoteAddress)
  if (sessionId !== undefined) call.reply.header('set-cookie', site.jar.write(site.jar.sessionName, sessionId))
  return goTo(call.reply, flowPath(site, caller, { ...flow, chosen: outcome.user.objectId }))
}

/** The methods that the provider reports, without second factors unless the operator accepts them. */
function believedMethods({ acceptsProviderMfa }: Site, { person }: UpstreamProof): readonly string[] {
  return acceptsProviderMfa ? person.methods : person.methods.filter((method) => method === 'fed')
}

/** Who has a second factor here is asked for it, unless the provider asked for one. */
async function remainingOf({ credentials, directory }: Site, { person }: UpstreamProof): Promise<readonly Remaining[]> {
  if (person.methods.includes('mfa')) return []
  const user = await directory.findExternalUser(person)
  const due = await credentials.secondFactorDue(user?.objectId ?? '', person.methods)
  if (due !== undefined) return [due]
  if (user === undefined) return []
  const { totp, passkeys } = await credentials.secondFactors.of(user.objectId)
  return totp || passkeys > 0 ? ['second-factor'] : []
}

/** User, groups, session and event: all of them, or nothing. */
async function takeIn(
  { database, directory, sessions, audit, clock }: Site,
  { caller, origin }: PageCall,
  { settings, person }: UpstreamProof,
  remaining: readonly Remaining[],
): Promise<{ readonly outcome: ExternalSignIn; readonly sessionId: string | undefined }> {
  const nowMs = clock.now()
  const lifetimeMs = settings.signInHours * hourMs
  const { methods, authenticatedAtMs, ...external } = person
  const standing = { ...external, standsUntilMs: nowMs + lifetimeMs }
  return database.transaction(async (transaction) => {
    const outcome = await directory.signInExternalPerson(transaction, standing, settings)
    if (outcome.outcome !== 'proved') return { outcome, sessionId: undefined }
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

function refuse(site: Site, call: PageCall, refusal: UpstreamRefusal, flow: string | undefined): Promise<FastifyReply> {
  const { title, text, detail, status } = refusal
  const body = html`<p class="error" role="alert">${text}</p>
    ${detail !== undefined && html`<p class="quiet">The provider says: ${detail}</p>`}
    <p><a href="${flow === undefined ? '/account/security' : `/sign-in?flow=${flow}`}">Sign in another way</a></p>
    <p class="quiet">Correlation id: ${call.origin.correlationId}</p>`
  return sendPage(site, call.reply, { title, body, status, hasError: true })
}
