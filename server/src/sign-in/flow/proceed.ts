import type { FastifyReply } from 'fastify'
import type { AuthorizationRejection, AuthorizationRequest } from '../../identity/index.ts'
import { showEnrolment } from './show-enrolment.ts'
import { type NextStep, mayAddMethods, nextStep } from './next-step.ts'
import { choosePage } from '../pages/sign-in-pages.ts'
import { showSecondFactor } from './show-second-factor.ts'
import type { PendingAccount } from '../sessions/sessions.ts'
import { type FlowStep, show, formOf } from './flow-step.ts'
import { showPassword } from './show-password.ts'
import { showNewPassword } from './show-new-password.ts'
import { respond } from './respond.ts'
import { complete, hasConsented, needsConfirmation } from './complete.ts'

/** Shows the next page of a flow, or completes the flow. */
export async function proceed(step: FlowStep): Promise<FastifyReply> {
  const { context, call, flow, destination } = step
  if (destination.kind === 'rejected') return respond(context, call, destination.response)
  const next = nextStep(flow, destination.requirement, call.caller.session)
  if (destination.kind === 'authorize' && destination.request.prompt === 'none')
    return proceedSilently(step, destination.request, next)
  switch (next.kind) {
    case 'choose-account':
      return show(step, { title: 'Pick an account', body: choosePage(formOf(step), next.accounts) })
    case 'authenticate':
      return showPassword(step, next.hint)
    case 'pending':
      return showPendingStep(step, next.account)
    case 'authenticated':
      return complete(step, next.account)
  }
}

/** Answers a request with `prompt=none`, for which no page may be shown. [OpenID Connect Core §3.1.2.1] */
async function proceedSilently(step: FlowStep, request: AuthorizationRequest, next: NextStep): Promise<FastifyReply> {
  const { context, call } = step
  const reject = (rejection: AuthorizationRejection, text: string) =>
    respond(context, call, context.protocol.rejectAuthorization(request, rejection, text))
  if (next.kind === 'choose-account') {
    return reject('account_selection_required', 'AADSTS16000: Several accounts are signed in. The user must pick one.')
  }
  if (next.kind !== 'authenticated') {
    return reject('login_required', 'AADSTS50058: A silent sign-in request was sent but no user is signed in.')
  }
  if (needsConfirmation(request)) {
    return reject('interaction_required', 'AADSTS50199: The user must confirm that they started the sign-in.')
  }
  if (!(await hasConsented(context, request, next.account.user.objectId))) {
    return reject('consent_required', 'AADSTS65001: The user has not consented to use the application.')
  }
  return respond(context, call, await context.protocol.issueCode(request, next.account))
}

function showPendingStep(step: FlowStep, account: PendingAccount): Promise<FastifyReply> {
  switch (account.remaining[0]) {
    case 'second-factor':
      return showSecondFactor(step, account)
    case 'enrolment':
      return mayAddMethods(account) ? showEnrolment(step, account) : askForLocalMethod(step, account)
    case 'new-password':
      return showNewPassword(step, account.user)
  }
}

/** Asks a person whom another provider authenticated for a method of this directory. */
function askForLocalMethod(step: FlowStep, { user }: PendingAccount): Promise<FastifyReply> {
  const requirement = { ...step.destination.requirement, requiresLocalMethod: true }
  return showPassword({ ...step, destination: { ...step.destination, requirement } }, user.userPrincipalName)
}
