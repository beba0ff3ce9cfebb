import type { Caller } from '../sessions/caller.ts'
import type { Context } from './context.ts'
import { PageError } from './errors.ts'
import type { Flow } from './flow.ts'

/** The path of a page of the flow, with the sealed flow in its query. */
export function flowPath(context: Context, caller: Caller, flow: Flow, page = ''): `/${string}` {
  return `/sign-in${page}?flow=${context.flows.write(caller.browser, flow)}`
}

/** Opens the sealed flow of a form or an address. @throws PageError */
export function requireFlow(context: Context, caller: Caller, text: string | undefined): Flow {
  const flow = text === undefined ? undefined : context.flows.read(caller.browser, text)
  if (flow === undefined) throw new PageError('expired')
  return flow
}
