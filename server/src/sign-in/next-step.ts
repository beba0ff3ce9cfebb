import type { Flow } from './flow.ts'
import type { Account, BrowserSession, PendingAccount } from './sessions.ts'

/** What a way to somewhere demands of who goes it. */
export type Demand = {
  /** The person has to say which account they go on with, though there is one alone. */
  readonly isToChoose: boolean
  /** Only what was proved after this instant counts. */
  readonly authenticatedAfterMs: number | undefined
  /** Only methods of this directory count, not those that another provider reports. */
  readonly needsLocalProof?: boolean
}

/** The page that a person is to see next. */
export type Step =
  | { readonly kind: 'choose'; readonly accounts: readonly Account[] }
  | { readonly kind: 'prove'; readonly hint: string | undefined }
  | { readonly kind: 'go-on'; readonly account: PendingAccount }
  /** Nothing is left to prove. */
  | { readonly kind: 'proved'; readonly account: Account }

const noSession: BrowserSession = { accounts: [], pending: undefined }

/** Tells what is next for a person on their way, from what is known of them alone: nothing that a page sent is believed. */
export function nextStep(flow: Flow, demand: Demand, session: BrowserSession = noSession): Step {
  const { accounts, pending } = session
  const account = accounts.find(({ user }) => user.objectId === chosenOf(flow, demand, accounts))
  if (account !== undefined && satisfies(account, demand)) return { kind: 'proved', account }
  if (pending !== undefined && flow.chosen === pending.user.objectId) return { kind: 'go-on', account: pending }
  if (account !== undefined) return { kind: 'prove', hint: account.user.userPrincipalName }
  if (flow.chosen !== undefined || flow.wantsAnother === true || accounts.length === 0) {
    return { kind: 'prove', hint: flow.hint }
  }
  if (flow.hint !== undefined && !demand.isToChoose) return { kind: 'prove', hint: flow.hint }
  return { kind: 'choose', accounts }
}

function chosenOf(flow: Flow, { isToChoose }: Demand, accounts: readonly Account[]): string | undefined {
  if (flow.chosen !== undefined) return flow.chosen
  if (flow.wantsAnother === true || isToChoose) return undefined
  if (flow.hint !== undefined)
    return accounts.find(({ user }) => isNamed(user.userPrincipalName, flow.hint))?.user.objectId
  return accounts.length === 1 ? accounts[0]?.user.objectId : undefined
}

function isNamed(userPrincipalName: string, hint = ''): boolean {
  return userPrincipalName.toLowerCase() === hint.toLowerCase()
}

function satisfies(account: Account, { authenticatedAfterMs, needsLocalProof = false }: Demand): boolean {
  const isFresh = authenticatedAfterMs === undefined || account.authenticatedAtMs >= authenticatedAfterMs
  return isFresh && (!needsLocalProof || isLocallyProved(account))
}

/** Whether a method of this directory was used: a password, an authenticator app or a passkey. */
export function isLocallyProved({ methods }: Pick<Account, 'methods'>): boolean {
  return ['pwd', 'otp', 'hwk'].some((method) => methods.includes(method))
}

/**
 * Whether this proof is enough to add a sign-in method: who controls the provider of a linked account must not add a way of
 * their own to it, which would survive the link. A person who has no password here has no other proof.
 */
export function mayAddMethods({ user, methods }: Pick<Account, 'user' | 'methods'>): boolean {
  return user.external || isLocallyProved({ methods })
}
