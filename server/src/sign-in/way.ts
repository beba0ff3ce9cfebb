import type { AuthorizationRequest, AuthorizationResponse, DeviceRequest } from '../identity/index.ts'
import { parseForm } from '../standards/http/form.ts'
import { PageError } from './errors.ts'
import type { Destination, Flow } from './flow.ts'
import type { Demand } from './next-step.ts'
import type { PageCall, Site } from './site.ts'

/** What stands at the end of a sign-in, checked anew at every page of it. */
export type Way = { readonly demand: Demand } & (
  | { readonly kind: 'authorize'; readonly request: AuthorizationRequest }
  /** The client is known, and is to be told that its request is wrong. */
  | { readonly kind: 'refused'; readonly response: AuthorizationResponse }
  | { readonly kind: 'device'; readonly request: DeviceRequest; readonly userCode: string }
  | { readonly kind: 'account'; readonly destination: Destination }
)

/** Finds out where a sign-in leads. @throws EntraError or PageError for one that leads nowhere */
export async function wayOf(site: Site, { origin }: PageCall, flow: Flow): Promise<Way> {
  const { protocol } = site
  switch (flow.kind) {
    case 'authorize': {
      const parameters = parseForm(flow.query)
      if (parameters === undefined) throw new PageError('malformed')
      const reading = await protocol.readAuthorizationRequest(parameters, flow.tenant, flow.version)
      if (reading.ok) return { kind: 'authorize', request: reading.request, demand: demandOf(reading.request, flow) }
      if ('page' in reading) throw reading.page
      return {
        kind: 'refused',
        response: reading.redirect,
        demand: { isToChoose: false, authenticatedAfterMs: undefined },
      }
    }
    case 'device': {
      const request = await protocol.findDeviceRequest(flow.userCode, origin.remoteAddress)
      if (request === undefined) throw new PageError('deviceEnded')
      if (request === 'throttled') throw new PageError('throttled')
      // Whoever has one account only still says which one the device gets.
      return {
        kind: 'device',
        request,
        userCode: flow.userCode,
        demand: { isToChoose: true, authenticatedAfterMs: undefined },
      }
    }
    case 'account': {
      const authenticatedAfterMs = flow.isFresh ? flow.startedAtMs : undefined
      const demand = { isToChoose: false, authenticatedAfterMs, needsLocalProof: flow.isFresh }
      return { kind: 'account', destination: flow.destination, demand }
    }
  }
}

/** Where the browser may be sent from the pages of this way; undefined where it stays with us. */
export function redirectUriOf(way: Way): string | undefined {
  if (way.kind === 'authorize') return way.request.redirectUri
  return way.kind === 'refused' ? way.response.redirectUri : undefined
}

/** The name of the program that sent the person here. */
export function clientNameOf(way: Way): string | undefined {
  return way.kind === 'authorize' || way.kind === 'device' ? way.request.client.displayName : undefined
}

function demandOf({ prompt, maxAgeSeconds }: AuthorizationRequest, { startedAtMs }: Flow): Demand {
  const isToChoose = prompt === 'select_account'
  if (prompt === 'login') return { isToChoose, authenticatedAfterMs: startedAtMs }
  return {
    isToChoose,
    authenticatedAfterMs: maxAgeSeconds === undefined ? undefined : startedAtMs - maxAgeSeconds * 1000,
  }
}
