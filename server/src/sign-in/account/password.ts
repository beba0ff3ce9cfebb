import type { FastifyReply } from 'fastify'
import { BusyError } from '../../platform/limits/fair-queue.ts'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { accountInQuery, accountNavigation, hiddenFieldsOf, requireAccount } from './account.ts'
import { PageError } from '../flow/errors.ts'
import { html } from '../pages/html.ts'
import { hiddenFields, field, notice } from '../pages/layout.ts'
import { hiddenUserName, newPasswordFields } from '../pages/sign-in-pages.ts'
import { prepareNewPassword } from '../authentication/password.ts'
import type { Account } from '../sessions/sessions.ts'
import type { Context } from '../flow/context.ts'
import { recordAuthentication } from '../flow/record-authentication.ts'
import { type PageCall, eventOf, placeOf, readField } from '../flow/page-call.ts'
import { sendPage } from '../flow/send-page.ts'

const page = 'password'

type Outcome = { readonly current?: string; readonly chosen?: string; readonly isDone?: boolean }

/** Shows the page to change the password. */
export async function showPasswordChange(context: Context, call: PageCall): Promise<FastifyReply> {
  const account = requireOwnPassword(context, call, accountInQuery(call))
  return send(context, call, account, {})
}

/** Changes the password after checking the current one. All other sign-ins of the person end. */
export async function submitPasswordChange(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  const account = requireOwnPassword(context, call, readField(form, 'account'))
  const { user, methods, authenticatedAtMs } = account
  const { userPrincipalName } = user
  const password = readField(form, 'current')
  if (password === '') return send(context, call, account, { current: 'Enter your password.' })
  const check = await context.credentials.checkPassword({ userPrincipalName, password, ...placeOf(call) })
  if (check.outcome === 'refused' && check.reason === 'busy') {
    throw new BusyError(check.retryAfterSeconds)
  }
  if (check.outcome === 'refused' || check.user.objectId !== user.objectId) {
    await context.audit.append(
      eventOf(call, account, { action: 'password.change', outcome: 'refused', reason: 'wrong' }),
    )
    return send(context, call, account, { current: 'Incorrect password.' })
  }
  if (password === readField(form, 'new-password')) {
    return send(context, call, account, { chosen: 'The new password is the same as the current password.' })
  }
  const prepared = await prepareNewPassword(context, userPrincipalName, form)
  if ('problem' in prepared) return send(context, call, account, { chosen: prepared.problem })
  const event = eventOf(call, account, { action: 'password.change', outcome: 'success' })
  // The time stays the same: a password alone is not a fresh authentication if a second factor is required.
  const authentication = { user, methods, authenticatedAtMs, remaining: [] }
  const { origin } = call
  await recordAuthentication(context, call, authentication, {
    continues: account,
    event,
    change: (transaction) => context.credentials.changePassword(transaction, check.user, prepared, { origin }),
  })
  return send(context, call, account, { isDone: true })
}

/** The account, if its password is stored here. @throws PageError */
function requireOwnPassword(context: Context, call: PageCall, objectId: string): Account {
  const account = requireAccount(context, call, { objectId, page })
  if (account.user.external) throw new PageError('elsewhere')
  return account
}

function send(context: Context, call: PageCall, account: Account, outcome: Outcome): Promise<FastifyReply> {
  const { current, chosen, isDone = false } = outcome
  const hasError = current !== undefined || chosen !== undefined
  const navigation = accountNavigation(call, account, page)
  const body = html`${notice(isDone ? 'Password changed. You have been signed out everywhere else.' : undefined)}
    <form method="post" action="/account/password" novalidate>
      ${hiddenFields(hiddenFieldsOf(call, account))} ${hiddenUserName(account.user.userPrincipalName)}
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
  return sendPage(context, call.reply, {
    title: 'Password',
    body,
    navigation,
    isWide: true,
    hasError,
    status: hasError ? 400 : 200,
  })
}
