import { SignInRequired } from '../flow/errors.ts'
import type { AccountPage } from '../flow/flow.ts'
import { type Html, html } from '../pages/html.ts'
import { usedLocalMethod } from '../flow/next-step.ts'
import { hiddenFields } from '../pages/layout.ts'
import type { Account } from '../sessions/sessions.ts'
import type { Context } from '../flow/context.ts'
import { type PageCall, readParameter } from '../flow/page-call.ts'

/** Sign-in methods can be changed for this time after an authentication. */
const freshMs = 10 * 60 * 1000

/**
 * The account in the address or the form, or the only account of the session.
 *
 * @throws SignInRequired if there is no account, or if the row of the page requires step-up and the user did not authenticate
 * within the last ten minutes with a method of this directory. A user who authenticates only at another provider has no such
 * method, and needs no step-up
 */
export function requireAccount(
  context: Context,
  { caller, stepUp }: PageCall,
  { objectId, page }: { objectId: string; page: AccountPage },
): Account {
  const accounts = caller.session?.accounts ?? []
  const [only, ...others] = accounts
  const account =
    objectId === '' && others.length === 0 ? only : accounts.find(({ user }) => user.objectId === objectId)
  const startedAtMs = context.clock.now()
  const isFresh = stepUp && account !== undefined && !account.user.external
  if (account !== undefined && (!isFresh || isRecent(account, startedAtMs))) return account
  const chosen = account === undefined ? {} : { chosen: account.user.objectId }
  const flow = { kind: 'account', destination: page, isFresh, startedAtMs, ...chosen } as const
  throw new SignInRequired(flow, caller.browser)
}

function isRecent(account: Account, nowMs: number): boolean {
  return nowMs - account.authenticatedAtMs < freshMs && usedLocalMethod(account)
}

/** The object id of the account in the address; empty if there is none. */
export function accountInQuery(call: PageCall): string {
  return readParameter(call, 'account') ?? ''
}

/** The hidden fields of a form for the account. */
export function hiddenFieldsOf({ caller }: PageCall, { user }: Account): { formToken: string; account: string } {
  return { formToken: caller.formToken, account: user.objectId }
}

const pageLabels: Readonly<Record<AccountPage, string>> = {
  security: 'Security',
  'sign-ins': 'Sign-ins',
  applications: 'Applications',
  activity: 'Activity',
  password: 'Password',
}

/** The links between the pages of an account. */
export function accountNavigation(call: PageCall, account: Account, current: AccountPage): Html {
  const { objectId, userPrincipalName } = account.user
  return html`<nav aria-label="Your account">
    <p class="who">${userPrincipalName}</p>
    ${Object.entries(pageLabels).map(([name, label]) => {
      if (name === 'password' && account.user.external) return undefined
      const href = `/account/${name}?account=${objectId}`
      return name === current
        ? html`<a href="${href}" aria-current="page">${label}</a>`
        : html`<a href="${href}">${label}</a>`
    })}
    <form method="post" action="/sign-out">
      ${hiddenFields(hiddenFieldsOf(call, account))}<button class="link" type="submit">Sign out</button>
    </form>
  </nav>`
}
