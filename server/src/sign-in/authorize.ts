import type { FastifyReply } from 'fastify'
import type { Form } from '../standards/http/form.ts'
import { goOnWithoutForm, longestQuery } from './cross-site.ts'
import { PageError } from './errors.ts'
import type { Flow } from './flow.ts'
import { proceed, respond } from './proceed.ts'
import { openStage } from './stage.ts'
import type { Account } from './sessions.ts'
import { nextStep } from './next-step.ts'
import { type PageCall, type Site, eventOf, flowPath, goTo, queryText, requireFlow, textOf } from './site.ts'

type Version = '1.0' | '2.0'

/** Begins the sign-in that a program asks for. [RFC 6749 §4.1.1; OpenID Connect Core §3.1.2] */
export function authorize(version: Version) {
  return async (site: Site, call: PageCall): Promise<FastifyReply> => {
    const query = queryText(call)
    if (query.length > longestQuery) throw new PageError('malformed')
    const tenant = call.params['tenant'] ?? ''
    const flow: Flow = { kind: 'authorize', tenant, version, query, startedAtMs: site.clock.now() }
    const stage = await openStage(site, call, flow)
    const hint = stage.way.kind === 'authorize' ? stage.way.request.loginHint : undefined
    return proceed({ ...stage, flow: { ...flow, ...(hint === undefined ? {} : { hint }) } })
  }
}

/** Takes the same request by a form. [OpenID Connect Core §3.1.2.1] */
export function authorizeByForm(version: Version) {
  return (_site: Site, call: PageCall): Promise<FastifyReply> => goOnWithoutForm(call, version, 'authorize')
}

/** Shows the page at which a sign-in is. */
export async function showFlow(site: Site, call: PageCall): Promise<FastifyReply> {
  const text = new URLSearchParams(queryText(call)).get('flow')
  if (text === null) return goTo(call.reply, '/account/security')
  return proceed(await openStage(site, call, requireFlow(site, call.caller, text)))
}

/** Takes the account that somebody picked. */
export async function submitAccount(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const flow = requireFlow(site, call.caller, textOf(form, 'flow'))
  const chosen = textOf(form, 'chosen')
  if (chosen === 'another') {
    const { chosen: _chosen, hint: _hint, ...rest } = flow
    return goTo(call.reply, flowPath(site, call.caller, { ...rest, wantsAnother: true }))
  }
  const isTheirs = call.caller.session?.accounts.some(({ user }) => user.objectId === chosen) === true
  // It may have been signed out meanwhile: the page tells who is left.
  return goTo(call.reply, flowPath(site, call.caller, isTheirs ? { ...flow, chosen } : flow))
}

/** Takes what somebody says to the program that wants to sign them in, and sends them back there. */
export async function submitAnswer(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const flow = requireFlow(site, call.caller, textOf(form, 'flow'))
  const stage = await openStage(site, call, flow)
  const { way } = stage
  const step = nextStep(flow, way.demand, call.caller.session)
  const decision = textOf(form, 'decision')
  if (way.kind === 'refused' || way.kind === 'account') return proceed(stage)
  if (decision === 'refuse') return refuse(stage, step.kind === 'proved' ? step.account : undefined)
  if (decision !== 'accept') throw new PageError('malformed')
  // The page that was answered belongs to a sign-in that was whole.
  if (step.kind !== 'proved' || flow.chosen !== step.account.user.objectId) return proceed(stage)
  return accept(stage, step.account)
}

type Stage = Awaited<ReturnType<typeof openStage>>

async function accept({ site, call, way, flow }: Stage, account: Account): Promise<FastifyReply> {
  const { objectId } = account.user
  if (way.kind === 'device') {
    const { remoteAddress } = call.origin
    const isLetIn = await site.protocol.answerDeviceRequest(way.userCode, { person: account }, remoteAddress)
    if (!isLetIn) throw new PageError('deviceEnded')
    const detail = { client: way.request.client.clientId }
    await site.audit.append(eventOf(call, account, { action: 'device.accept', outcome: 'success', detail }))
    return goTo(call.reply, '/devicelogin/done')
  }
  if (way.kind !== 'authorize') return proceed({ site, call, way, flow })
  const { clientId, kind } = way.request.client
  if (kind === 'registered') {
    await site.database.transaction(async (transaction) => {
      // Whoever was deleted meanwhile leaves none behind.
      if (!(await site.directory.holdsPrincipal(transaction, objectId))) throw new PageError('outdated')
      await site.consents.put(transaction, {
        object_id: objectId,
        client_id: clientId,
        audience: way.request.resource.audience,
        given_at_ms: site.clock.now(),
      })
      await site.audit.record(
        transaction,
        eventOf(call, account, {
          action: 'consent.give',
          outcome: 'success',
          detail: { client: clientId, audience: way.request.resource.audience },
        }),
      )
    })
  }
  return respond(site, call, await site.protocol.issueCode(way.request, account))
}

async function refuse({ site, call, way, flow }: Stage, account: Account | undefined): Promise<FastifyReply> {
  if (way.kind === 'device') {
    const { remoteAddress } = call.origin
    if (!(await site.protocol.answerDeviceRequest(way.userCode, 'declined', remoteAddress)))
      throw new PageError('deviceEnded')
    const detail = { client: way.request.client.clientId }
    if (account !== undefined) {
      await site.audit.append(eventOf(call, account, { action: 'device.decline', outcome: 'success', detail }))
    }
    return goTo(call.reply, '/devicelogin/declined')
  }
  if (way.kind !== 'authorize') return proceed({ site, call, way, flow })
  const text = 'AADSTS65004: The user declined to consent to access the application.'
  return respond(site, call, site.protocol.refuseAuthorization(way.request, 'access_denied', text))
}
