import type { Clock } from '../platform/process/clock.ts'
import type { Sealer } from '../platform/keys/sealing.ts'
import { openText, sealText } from './sealed-text.ts'

/** Where a person who signed in without being sent by a program goes: one of our own pages, and never an address. */
export type Destination = 'security' | 'sign-ins' | 'applications' | 'activity' | 'password'

/** What a person is on the way to. */
type Purpose =
  | {
      readonly kind: 'authorize'
      readonly tenant: string
      readonly version: '1.0' | '2.0'
      readonly query: string
    }
  | { readonly kind: 'device'; readonly userCode: string }
  | { readonly kind: 'account'; readonly destination: Destination; readonly isFresh: boolean }

/** One sign-in from its first page to its last. */
export type Flow = Purpose & {
  readonly startedAtMs: number
  /** The object id of the account that the person goes on with. */
  readonly chosen?: string | undefined
  /** The person wants to use an account that this browser does not know yet. */
  readonly wantsAnother?: boolean | undefined
  /** The user name to begin with. */
  readonly hint?: string | undefined
}

/** How long a sign-in may take. */
const flowLifetimeMs = 60 * 60 * 1000

const longestFlow = 12_000

/**
 * Hands a sign-in from page to page. It is kept by the browser itself, sealed, so that strangers cannot fill the database;
 * it opens only beside the cookie of the browser that it was made for, so that nobody can have another go on with it.
 */
export function createFlows(sealer: Sealer, clock: Clock) {
  const context = (browser: string) => `sign-in of the browser ${browser}`
  return {
    write: (browser: string, flow: Flow): string => sealText(sealer, flow, context(browser)),
    /** Undefined for whatever this browser was not given, or too long ago. */
    read: (browser: string, text: string): Flow | undefined => {
      const flow = openText(sealer, text, { context: context(browser), longest: longestFlow }) as Flow | undefined
      return flow === undefined || clock.now() - flow.startedAtMs >= flowLifetimeMs ? undefined : flow
    },
  }
}

export type Flows = ReturnType<typeof createFlows>
