import type { FastifyReply } from 'fastify'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { redirectWithoutForm, maxQueryLength } from './cross-site.ts'
import { PageError } from '../flow/errors.ts'
import type { Flow } from '../flow/flow.ts'
import { proceed } from '../flow/proceed.ts'
import { openFlowStep } from '../flow/flow-step.ts'
import type { Context } from '../flow/context.ts'
import { flowPath, requireFlow } from '../flow/flow-path.ts'
import { type PageCall, queryOf, readField, readParameter } from '../flow/page-call.ts'
import { redirectTo } from '../flow/send-page.ts'

type Version = '1.0' | '2.0'

/** Starts the sign-in that a client requests. [RFC 6749 §4.1.1; OpenID Connect Core §3.1.2] */
export function authorize(version: Version) {
  return async (context: Context, call: PageCall): Promise<FastifyReply> => {
    const query = queryOf(call)
    if (query.length > maxQueryLength) throw new PageError('malformed')
    const tenant = call.params['tenant'] ?? ''
    const flow: Flow = { kind: 'authorize', tenant, version, query, startedAtMs: context.clock.now() }
    const step = await openFlowStep(context, call, flow)
    const hint = step.destination.kind === 'authorize' ? step.destination.request.loginHint : undefined
    return proceed({ ...step, flow: { ...flow, ...(hint === undefined ? {} : { hint }) } })
  }
}

/** Accepts the same request as a form. [OpenID Connect Core §3.1.2.1] */
export function authorizeByForm(version: Version) {
  return (_context: Context, call: PageCall): Promise<FastifyReply> => redirectWithoutForm(call, version, 'authorize')
}

/** Shows the current page of a flow. */
export async function showFlow(context: Context, call: PageCall): Promise<FastifyReply> {
  const text = readParameter(call, 'flow')
  if (text === undefined) return redirectTo(call.reply, '/account/security')
  return proceed(await openFlowStep(context, call, requireFlow(context, call.caller, text)))
}

/** Continues the flow with the chosen account. */
export async function submitAccount(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  const flow = requireFlow(context, call.caller, readField(form, 'flow'))
  const chosen = readField(form, 'chosen')
  if (chosen === 'another') {
    const { chosen: _chosen, hint: _hint, ...rest } = flow
    return redirectTo(call.reply, flowPath(context, call.caller, { ...rest, wantsAnotherAccount: true }))
  }
  const isSignedIn = call.caller.session?.accounts.some(({ user }) => user.objectId === chosen) === true
  // The account may have been signed out in the meantime. The page then shows the remaining accounts.
  return redirectTo(call.reply, flowPath(context, call.caller, isSignedIn ? { ...flow, chosen } : flow))
}
