import { SignInNeeded } from './errors.ts'
import type { Destination } from './flow.ts'
import { type Html, html } from './html.ts'
import { isLocallyProved } from './next-step.ts'
import { carried } from './pages/layout.ts'
import type { Account } from './sessions.ts'
import { type PageCall, type Site, queryText } from './site.ts'

/** How long after an authentication sign-in methods can be changed. */
const freshMs = 10 * 60 * 1000

/**
 * Whose page it is: the account that the address or the form names, or the only one. @throws SignInNeeded, also when
 * `isFresh` is set and they did not authenticate with a method of this directory within the last ten minutes
 */
export function requireAccount(
  site: Site,
  { caller }: PageCall,
  { objectId, destination, isFresh }: { objectId: string; destination: Destination; isFresh: boolean },
): Account {
  const accounts = caller.session?.accounts ?? []
  const [only, ...others] = accounts
  const account =
    objectId === '' && others.length === 0 ? only : accounts.find(({ user }) => user.objectId === objectId)
  const startedAtMs = site.clock.now()
  const isNew = account !== undefined && startedAtMs - account.authenticatedAtMs < freshMs && isLocallyProved(account)
  if (account !== undefined && (isNew || !isFresh)) return account
  const chosen = account === undefined ? {} : { chosen: account.user.objectId }
  const flow = {
    kind: 'account',
    destination,
    isFresh: isFresh && account !== undefined,
    startedAtMs,
    ...chosen,
  } as const
  throw new SignInNeeded(flow, caller.browser)
}

/** The account that the address of a page names. */
export function accountInQuery(call: PageCall): string {
  return new URLSearchParams(queryText(call)).get('account') ?? ''
}

/** The account that a form is about, and what shows that the form is ours. */
export function carriedFor({ caller }: PageCall, { user }: Account): { formToken: string; account: string } {
  return { formToken: caller.formToken, account: user.objectId }
}

const destinations: Readonly<Record<Destination, string>> = {
  security: 'Security',
  'sign-ins': 'Sign-ins',
  applications: 'Applications',
  activity: 'Activity',
  password: 'Password',
}

/** The links between the pages of an account. */
export function accountNavigation(call: PageCall, account: Account, current: Destination): Html {
  const { objectId, userPrincipalName } = account.user
  return html`<p class="who">${userPrincipalName}</p>
    <nav aria-label="Your account">
      ${Object.entries(destinations).map(([name, label]) => {
        if (name === 'password' && account.user.external) return undefined
        const href = `/account/${name}?account=${objectId}`
        return name === current
          ? html`<a href="${href}" aria-current="page">${label}</a>`
          : html`<a href="${href}">${label}</a>`
      })}
      <form method="post" action="/sign-out">
        ${carried(carriedFor(call, account))}<button class="link" type="submit">Sign out</button>
      </form>
    </nav>`
}

/** A day and a time of day, the same for every reader. */
export function instantText(ms: number): string {
  const iso = new Date(ms).toISOString()
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`
}

/** The same for programs too. */
export function instant(ms: number): Html {
  return html`<time datetime="${new Date(ms).toISOString()}">${instantText(ms)}</time>`
}
