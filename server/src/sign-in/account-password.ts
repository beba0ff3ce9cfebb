import type { FastifyReply } from 'fastify'
import { BusyError } from '../platform/limits/fair-queue.ts'
import type { Form } from '../standards/http/form.ts'
import { accountInQuery, accountNavigation, carriedFor, requireAccount } from './account.ts'
import { PageError } from './errors.ts'
import { html } from './html.ts'
import { carried, field, notice } from './pages/layout.ts'
import { hiddenUserName, newPasswordFields } from './pages/sign-in-pages.ts'
import { prepareNewPassword } from './password.ts'
import type { Account } from './sessions.ts'
import { type PageCall, type Site, eventOf, placeOf, sendPage, signIn, textOf } from './site.ts'

const destination = 'password'

type Outcome = { readonly current?: string; readonly chosen?: string; readonly isDone?: boolean }

/** Shows the page on which somebody changes their password. */
export async function showPasswordChange(site: Site, call: PageCall): Promise<FastifyReply> {
  const account = requireOwnPassword(site, call, accountInQuery(call))
  return send(site, call, account, {})
}

/** Changes the password of somebody who knows the old one. Everything that was got by that ends, but this session. */
export async function submitPasswordChange(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const account = requireOwnPassword(site, call, textOf(form, 'account'))
  const { user, methods, authenticatedAtMs } = account
  const { userPrincipalName } = user
  const password = textOf(form, 'current')
  if (password === '') return send(site, call, account, { current: 'Enter your password.' })
  const check = await site.credentials.checkPassword({ userPrincipalName, password, ...placeOf(call) })
  if (check.outcome === 'refused' && check.reason === 'busy') {
    throw new BusyError(check.retryAfterSeconds)
  }
  if (check.outcome === 'refused' || check.user.objectId !== user.objectId) {
    await site.audit.append(eventOf(call, account, { action: 'password.change', outcome: 'refused', reason: 'wrong' }))
    return send(site, call, account, { current: 'Incorrect password.' })
  }
  if (password === textOf(form, 'new-password')) {
    return send(site, call, account, { chosen: 'The new password is the same as the current one.' })
  }
  const prepared = await prepareNewPassword(site, userPrincipalName, form)
  if ('problem' in prepared) return send(site, call, account, { chosen: prepared.problem })
  const event = eventOf(call, account, { action: 'password.change', outcome: 'success' })
  // The password alone does not make a session fresh that a second factor belongs to.
  const proof = { user, methods, authenticatedAtMs, remaining: [] }
  const { origin } = call
  await signIn(site, call, proof, event, (transaction) =>
    site.credentials.changePassword(transaction, check.user, prepared, { origin }),
  )
  return send(site, call, account, { isDone: true })
}

/** Whose password is to be changed, and is kept here. */
function requireOwnPassword(site: Site, call: PageCall, objectId: string): Account {
  const account = requireAccount(site, call, { objectId, destination, isFresh: false })
  if (account.user.external) throw new PageError('elsewhere')
  return account
}

function send(site: Site, call: PageCall, account: Account, outcome: Outcome): Promise<FastifyReply> {
  const { current, chosen, isDone = false } = outcome
  const hasError = current !== undefined || chosen !== undefined
  const navigation = accountNavigation(call, account, destination)
  const body = html`${notice(isDone ? 'Your password is changed. You have been signed out everywhere else.' : undefined)}
    <form method="post" action="/account/password" novalidate>
      ${carried(carriedFor(call, account))} ${hiddenUserName(account.user.userPrincipalName)}
      ${field({
        name: 'current',
        label: 'Current password',
        type: 'password',
        autocomplete: 'current-password',
        error: current,
        hasFocus: current !== undefined,
      })}
      ${newPasswordFields(chosen, chosen !== undefined)}
      <div class="actions"><button class="primary" type="submit">Change password</button></div>
    </form>`
  return sendPage(site, call.reply, {
    title: 'Password',
    body,
    navigation,
    isWide: true,
    hasError,
    status: hasError ? 400 : 200,
  })
}
