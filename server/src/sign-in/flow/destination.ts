import type { AuthorizationRequest, AuthorizationResponse, DeviceRequest } from '../../identity/index.ts'
import { parseForm } from '@acrux/shared/standards/http/form.ts'
import { PageError } from './errors.ts'
import type { AccountPage, Flow } from './flow.ts'
import type { Requirement } from './next-step.ts'
import type { Context } from './context.ts'
import type { PageCall } from './page-call.ts'

/** The end of a flow. Every page of the flow checks it again. */
export type Destination = { readonly requirement: Requirement } & (
  | { readonly kind: 'authorize'; readonly request: AuthorizationRequest }
  /** The client is known, and receives the error of its invalid request. */
  | { readonly kind: 'rejected'; readonly response: AuthorizationResponse }
  | { readonly kind: 'device'; readonly request: DeviceRequest; readonly userCode: string }
  | { readonly kind: 'account'; readonly page: AccountPage }
)

/** Determines the destination of a flow. @throws EntraError or PageError if the flow has none */
export async function findDestination(context: Context, { origin }: PageCall, flow: Flow): Promise<Destination> {
  const { protocol } = context
  switch (flow.kind) {
    case 'authorize': {
      const parameters = parseForm(flow.query)
      if (parameters === undefined) throw new PageError('malformed')
      const reading = await protocol.readAuthorizationRequest(parameters, flow.tenant, flow.version)
      if (reading.ok)
        return { kind: 'authorize', request: reading.request, requirement: requirementOf(reading.request, flow) }
      if ('page' in reading) throw reading.page
      return {
        kind: 'rejected',
        response: reading.redirect,
        requirement: { mustChooseAccount: false, authenticatedAfterMs: undefined },
      }
    }
    case 'device': {
      const request = await protocol.findDeviceRequest(flow.userCode, origin.remoteAddress)
      if (request === undefined) throw new PageError('deviceEnded')
      if (request === 'throttled') throw new PageError('throttled')
      // The person confirms the account for the device even if only one is signed in.
      return {
        kind: 'device',
        request,
        userCode: flow.userCode,
        requirement: { mustChooseAccount: true, authenticatedAfterMs: undefined },
      }
    }
    case 'account': {
      const authenticatedAfterMs = flow.isFresh ? flow.startedAtMs : undefined
      const requirement = { mustChooseAccount: false, authenticatedAfterMs, requiresLocalMethod: flow.isFresh }
      return { kind: 'account', page: flow.destination, requirement }
    }
  }
}

/** The client's redirect URI; undefined if the flow ends on a page of this server. */
export function redirectUriOf(destination: Destination): string | undefined {
  if (destination.kind === 'authorize') return destination.request.redirectUri
  return destination.kind === 'rejected' ? destination.response.redirectUri : undefined
}

/** The name of the client that requested the sign-in. */
export function clientNameOf(destination: Destination): string | undefined {
  return destination.kind === 'authorize' || destination.kind === 'device'
    ? destination.request.client.displayName
    : undefined
}

function requirementOf({ prompt, maxAgeSeconds }: AuthorizationRequest, { startedAtMs }: Flow): Requirement {
  const mustChooseAccount = prompt === 'select_account'
  if (prompt === 'login') return { mustChooseAccount, authenticatedAfterMs: startedAtMs }
  return {
    mustChooseAccount,
    authenticatedAfterMs: maxAgeSeconds === undefined ? undefined : startedAtMs - maxAgeSeconds * 1000,
  }
}
