import type { Sealer } from '../../platform/keys/sealing.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { openText, sealText } from '../../platform/keys/sealed-text.ts'

/** The account page to which a sign-in without a client returns. */
export type AccountPage = 'security' | 'sign-ins' | 'applications' | 'activity' | 'password'

/** Why the person signs in. */
type Purpose =
  | {
      readonly kind: 'authorize'
      readonly tenant: string
      readonly version: '1.0' | '2.0'
      readonly query: string
    }
  | { readonly kind: 'device'; readonly userCode: string }
  | { readonly kind: 'account'; readonly destination: AccountPage; readonly isFresh: boolean }

/** One sign-in from its first page to its last. */
export type Flow = Purpose & {
  readonly startedAtMs: number
  /** The object id of the chosen account. */
  readonly chosen?: string | undefined
  /** Whether the person wants to use an account that is not signed in. */
  readonly wantsAnotherAccount?: boolean | undefined
  /** The user name to fill in. */
  readonly hint?: string | undefined
}

/** The maximum duration of a sign-in. */
const flowLifetimeMs = 60 * 60 * 1000

const maxFlowLength = 12_000

/**
 * Passes a flow from page to page. The browser stores it, sealed, so that unauthenticated callers cannot fill the database.
 * It opens only together with the cookie of the browser for which it was sealed, so nobody can pass a flow to another person.
 */
export function createFlows(sealer: Sealer, clock: Clock) {
  const sealingContext = (browser: string) => `sign-in of the browser ${browser}`
  return {
    write: (browser: string, flow: Flow): string => sealText(sealer, flow, sealingContext(browser)),
    /** Undefined if the flow was not sealed for this browser, or is expired. */
    read: (browser: string, text: string): Flow | undefined => {
      const options = { context: sealingContext(browser), maxLength: maxFlowLength }
      const flow = openText(sealer, text, options) as Flow | undefined
      return flow === undefined || clock.now() - flow.startedAtMs >= flowLifetimeMs ? undefined : flow
    },
  }
}

export type Flows = ReturnType<typeof createFlows>
