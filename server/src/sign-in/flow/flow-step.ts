import type { FastifyReply } from 'fastify'
import type { Flow } from './flow.ts'
import type { Html } from '../pages/html.ts'
import type { SignInForm } from '../pages/sign-in-pages.ts'
import type { Context } from './context.ts'
import type { PageCall } from './page-call.ts'
import { sendPage } from './send-page.ts'
import { type Destination, clientNameOf, redirectUriOf, findDestination } from './destination.ts'

/** One request of a flow. */
export type FlowStep = {
  readonly context: Context
  readonly call: PageCall
  readonly flow: Flow
  readonly destination: Destination
}

/** @throws EntraError or PageError if the flow has no destination */
export async function openFlowStep(context: Context, call: PageCall, flow: Flow): Promise<FlowStep> {
  return { context, call, flow, destination: await findDestination(context, call, flow) }
}

/** Sends a page of a flow. */
export function show(
  { context, call, destination }: FlowStep,
  page: { title: string; body: Html; status?: number; hasError?: boolean; script?: string; isWide?: boolean },
): Promise<FastifyReply> {
  return sendPage(context, call.reply, { ...page, redirectUri: redirectUriOf(destination) })
}

/** The values that every form of a flow needs. */
export function formOf({ context, call, flow, destination }: FlowStep): SignInForm {
  return {
    formToken: call.caller.formToken,
    flow: context.flows.write(call.caller.browser, flow),
    clientName: clientNameOf(destination),
    canCancel: destination.kind !== 'account',
  }
}
