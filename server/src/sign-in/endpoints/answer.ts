import type { FastifyReply } from 'fastify'
import type { Transaction } from '../../platform/sql/database.ts'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { PageError } from '../flow/errors.ts'
import { proceed } from '../flow/proceed.ts'
import { respond } from '../flow/respond.ts'
import { type FlowStep, openFlowStep } from '../flow/flow-step.ts'
import type { Account } from '../sessions/sessions.ts'
import { nextStep } from '../flow/next-step.ts'
import type { Context } from '../flow/context.ts'
import { requireFlow } from '../flow/flow-path.ts'
import { type PageCall, eventOf, readField } from '../flow/page-call.ts'
import { redirectTo } from '../flow/send-page.ts'

/** Accepts or declines the request of a client, and returns to the client. */
export async function submitAnswer(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  const flow = requireFlow(context, call.caller, readField(form, 'flow'))
  const step = await openFlowStep(context, call, flow)
  const { destination } = step
  const next = nextStep(flow, destination.requirement, call.caller.session)
  const decision = readField(form, 'decision')
  if (destination.kind === 'rejected' || destination.kind === 'account') return proceed(step)
  if (decision === 'decline') return decline(step, next.kind === 'authenticated' ? next.account : undefined)
  if (decision !== 'accept') throw new PageError('malformed')
  // The page was shown to an authenticated person, who must still be the chosen account.
  if (next.kind !== 'authenticated' || flow.chosen !== next.account.user.objectId) return proceed(step)
  return accept(step, next.account)
}

async function accept({ context, call, destination, flow }: FlowStep, account: Account): Promise<FastifyReply> {
  const { objectId } = account.user
  if (destination.kind === 'device') {
    const { remoteAddress } = call.origin
    const isAccepted = await context.protocol.answerDeviceRequest(
      destination.userCode,
      { person: account },
      remoteAddress,
    )
    if (!isAccepted) throw new PageError('deviceEnded')
    const detail = { client: destination.request.client.clientId }
    await context.audit.append(eventOf(call, account, { action: 'device.accept', outcome: 'success', detail }))
    return redirectTo(call.reply, '/devicelogin/done')
  }
  if (destination.kind !== 'authorize') return proceed({ context, call, destination, flow })
  const { client, resource } = destination.request
  const { clientId } = client
  const { audience } = resource
  // Consent and code are one transaction: there is neither without a sign-in that is still valid.
  const recordConsent = async (transaction: Transaction) => {
    const consent = { object_id: objectId, client_id: clientId, audience, given_at_ms: context.clock.now() }
    await context.consents.put(transaction, consent)
    const detail = { client: clientId, audience }
    await context.audit.record(
      transaction,
      eventOf(call, account, { action: 'consent.give', outcome: 'success', detail }),
    )
  }
  const alsoRecord = client.kind === 'registered' ? recordConsent : undefined
  return respond(context, call, await context.protocol.issueCode(destination.request, account, alsoRecord))
}

async function decline(
  { context, call, destination, flow }: FlowStep,
  account: Account | undefined,
): Promise<FastifyReply> {
  if (destination.kind === 'device') {
    const { remoteAddress } = call.origin
    if (!(await context.protocol.answerDeviceRequest(destination.userCode, 'declined', remoteAddress)))
      throw new PageError('deviceEnded')
    const detail = { client: destination.request.client.clientId }
    if (account !== undefined) {
      await context.audit.append(eventOf(call, account, { action: 'device.decline', outcome: 'success', detail }))
    }
    return redirectTo(call.reply, '/devicelogin/declined')
  }
  if (destination.kind !== 'authorize') return proceed({ context, call, destination, flow })
  const text = 'AADSTS65004: The user declined to consent to access the application.'
  return respond(context, call, context.protocol.rejectAuthorization(destination.request, 'access_denied', text))
}
