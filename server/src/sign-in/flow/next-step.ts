import type { Flow } from './flow.ts'
import type { Account, BrowserSession, PendingAccount } from '../sessions/sessions.ts'

/** What a destination requires of the person. */
export type Requirement = {
  /** Whether the person must choose an account even if only one is signed in. */
  readonly mustChooseAccount: boolean
  /** Earlier authentications are not accepted. */
  readonly authenticatedAfterMs: number | undefined
  /** Whether a method of this directory is required. Methods that another provider reports are not enough. */
  readonly requiresLocalMethod?: boolean
}

/** The next step of a flow. */
export type NextStep =
  | { readonly kind: 'choose-account'; readonly accounts: readonly Account[] }
  | { readonly kind: 'authenticate'; readonly hint: string | undefined }
  | { readonly kind: 'pending'; readonly account: PendingAccount }
  | { readonly kind: 'authenticated'; readonly account: Account }

const noSession: BrowserSession = { accounts: [], pending: undefined }

/** Determines the next step from the flow and the session. It trusts nothing that a page sent. */
export function nextStep(flow: Flow, requirement: Requirement, session: BrowserSession = noSession): NextStep {
  const { accounts, pending } = session
  const account = accounts.find(({ user }) => user.objectId === chosenOf(flow, requirement, accounts))
  if (account !== undefined && satisfies(account, requirement)) return { kind: 'authenticated', account }
  if (pending !== undefined && flow.chosen === pending.user.objectId) return { kind: 'pending', account: pending }
  if (account !== undefined) return { kind: 'authenticate', hint: account.user.userPrincipalName }
  if (flow.chosen !== undefined || flow.wantsAnotherAccount === true || accounts.length === 0) {
    return { kind: 'authenticate', hint: flow.hint }
  }
  if (flow.hint !== undefined && !requirement.mustChooseAccount) return { kind: 'authenticate', hint: flow.hint }
  return { kind: 'choose-account', accounts }
}

function chosenOf(flow: Flow, { mustChooseAccount }: Requirement, accounts: readonly Account[]): string | undefined {
  if (flow.chosen !== undefined) return flow.chosen
  if (flow.wantsAnotherAccount === true || mustChooseAccount) return undefined
  if (flow.hint !== undefined)
    return accounts.find(({ user }) => isNamed(user.userPrincipalName, flow.hint))?.user.objectId
  return accounts.length === 1 ? accounts[0]?.user.objectId : undefined
}

function isNamed(userPrincipalName: string, hint = ''): boolean {
  return userPrincipalName.toLowerCase() === hint.toLowerCase()
}

function satisfies(account: Account, { authenticatedAfterMs, requiresLocalMethod = false }: Requirement): boolean {
  const isFresh = authenticatedAfterMs === undefined || account.authenticatedAtMs >= authenticatedAfterMs
  return isFresh && (!requiresLocalMethod || usedLocalMethod(account))
}

/** Whether a method of this directory was used: a password, an authenticator app or a passkey. */
export function usedLocalMethod({ methods }: Pick<Account, 'methods'>): boolean {
  return ['pwd', 'otp', 'hwk'].some((method) => methods.includes(method))
}

/**
 * Whether this authentication is enough to add a sign-in method. The provider of a linked account must not be able to add
 * one, because it would survive the link. A person without a password here can only authenticate with the provider.
 */
export function mayAddMethods({ user, methods }: Pick<Account, 'user' | 'methods'>): boolean {
  return user.external || usedLocalMethod({ methods })
}
