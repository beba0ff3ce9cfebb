import type { FastifyReply } from 'fastify'
import type { AuthorizationRequest } from '../../identity/index.ts'
import { PageError } from './errors.ts'
import { confirmPage, consentPage, devicePage } from '../pages/answer-pages.ts'
import type { Account } from '../sessions/sessions.ts'
import type { Context } from './context.ts'
import { redirectTo } from './send-page.ts'
import { type FlowStep, show } from './flow-step.ts'
import { respond } from './respond.ts'

/**
 * Whether the person must confirm that they started the sign-in, because nothing authenticates the client. [RFC 8252 §8.6]
 * The code of the portal goes to this server.
 */
export function needsConfirmation({ client, redirectUri }: AuthorizationRequest): boolean {
  if (client.kind === 'portal') return false
  return client.kind === 'public' || !redirectUri.startsWith('https:')
}

/** Whether the person has consented to use the application. The built-in clients need no consent. */
export async function hasConsented(
  { consents }: Pick<Context, 'consents'>,
  { client, resource }: AuthorizationRequest,
  objectId: string,
): Promise<boolean> {
  return client.kind !== 'registered' || consents.has(objectId, client.clientId, resource.audience)
}

/** The name of an audience on pages. */
export function resourceName(audience: string): string {
  switch (audience) {
    case 'arm':
      return 'Registry management'
    case 'acr':
      return 'Your registries'
    case 'graph':
      return 'The directory'
    default:
      return 'Your name and user name'
  }
}

/** Completes the flow of an authenticated person: asks for what the destination still needs, or redirects to it. */
export async function complete(step: FlowStep, account: Account): Promise<FastifyReply> {
  const { context, call, flow, destination } = step
  const form = {
    formToken: call.caller.formToken,
    flow: context.flows.write(call.caller.browser, { ...flow, chosen: account.user.objectId }),
  }
  switch (destination.kind) {
    case 'rejected':
      throw new PageError('expired')
    case 'account':
      return redirectTo(call.reply, `/account/${destination.page}?account=${account.user.objectId}`)
    case 'device': {
      const { client, resource, requestedFrom, expiresAtMs } = destination.request
      const expires = `${new Date(expiresAtMs).toISOString().slice(11, 16)} UTC`
      const body = devicePage(form, {
        account,
        clientName: client.displayName,
        resource: resourceName(resource.audience),
        requestedFrom,
        expires,
      })
      return show(step, { title: `Sign in to ${client.displayName}?`, body })
    }
    case 'authorize': {
      const { request } = destination
      const { client, resource, redirectUri, prompt } = request
      const details = { account, clientName: client.displayName, resource: resourceName(resource.audience) }
      const asksAgain = prompt === 'consent' && client.kind === 'registered'
      if (asksAgain || !(await hasConsented(context, request, account.user.objectId))) {
        const { maxSignInDays } = context
        const body = consentPage(form, { ...details, redirectUri, maxSignInDays })
        return show(step, { title: 'Permissions requested', body })
      }
      if (needsConfirmation(request)) {
        return show(step, { title: `Sign in to ${client.displayName}?`, body: confirmPage(form, details) })
      }
      return respond(context, call, await context.protocol.issueCode(request, account))
    }
  }
}
