import type { FastifyReply } from 'fastify'
import type { AuditEvent } from '../../audit/index.ts'
import type { SignIn } from '../../credentials/index.ts'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { accountInQuery, accountNavigation, hiddenFieldsOf, requireAccount } from './account.ts'
import { instant, instantText } from '../pages/instant.ts'
import { type Html, html } from '../pages/html.ts'
import { type HiddenFields, hiddenFields } from '../pages/layout.ts'
import { type Account, pagesClientId } from '../sessions/sessions.ts'
import type { Context } from '../flow/context.ts'
import { type PageCall, eventOf, readField } from '../flow/page-call.ts'
import { redirectTo, sendPage } from '../flow/send-page.ts'
import { describeUserAgent } from '@acrux/shared/standards/http/user-agent.ts'

const page = 'sign-ins'

/** Lists the sign-ins of a person. */
export async function showSignIns(context: Context, call: PageCall): Promise<FastifyReply> {
  const account = requireAccount(context, call, { objectId: accountInQuery(call), page })
  const form = hiddenFieldsOf(call, account)
  const rows: Html[] = []
  const signIns = await context.credentials.signInsOf(account.user.objectId)
  for (const signIn of signIns) {
    rows.push(row(form, signIn, await nameOf(context, signIn), signIn.id === account.signInId))
  }
  const body = html`<p>These are your active sign-ins. End sessions you don’t recognise, then change your password.</p>
    <ul class="rows">
      ${rows}
    </ul>
    <form method="post" action="/account/sign-ins/end">
      ${hiddenFields(form)}
      ${signIns.length > 1 && html`<button type="submit" name="sign_in" value="others">Sign out everywhere else</button>`}
      <button type="submit" name="sign_in" value="all">Sign out everywhere</button>
    </form>`
  const navigation = accountNavigation(call, account, page)
  return sendPage(context, call.reply, { title: 'Sign-ins', body, navigation, isWide: true })
}

/**
 * Ends one of a person's sign-ins, all others or all. The tokens and sessions of these sign-ins are denied from then on. A
 * person who authenticates here, and not only at another provider, must have done so within the last ten minutes.
 * [ASVS 5.0, 7.5.2]
 */
export async function submitEndSignIn(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  const account = requireAccount(context, call, { objectId: readField(form, 'account'), page })
  const { objectId } = account.user
  const id = readField(form, 'sign_in')
  const event = eventOf(call, account, { action: 'sign-in.end', outcome: 'success', detail: { signIn: id } })
  if (id === 'all') {
    await context.database.transaction(async (transaction) => {
      await context.credentials.endSignInsOf(transaction, objectId)
      await context.audit.record(transaction, event)
    })
    return redirectTo(call.reply, '/sign-out')
  }
  // A sign-in may have ended in the meantime. The page then shows the remaining sign-ins.
  const ended = (await context.credentials.signInsOf(objectId)).filter((signIn) =>
    id === 'others' ? signIn.id !== account.signInId : signIn.id === id,
  )
  if (ended.length > 0) {
    await context.database.transaction(async (transaction) => {
      for (const signIn of ended) await context.credentials.endSignIn(transaction, signIn.id)
      // With a consent, the application could create a new sign-in without asking the person.
      for (const clientId of new Set(ended.map((signIn) => signIn.clientId))) {
        if (await context.consents.withdrawAll(transaction, objectId, clientId))
          await context.audit.record(transaction, withdrawalEvent(call, account, clientId))
      }
      await context.audit.record(transaction, event)
    })
  }
  return redirectTo(call.reply, `/account/sign-ins?account=${objectId}`)
}

/** The audit event for the withdrawal of a person's consents for an application. */
export function withdrawalEvent(call: PageCall, account: Account, clientId: string): AuditEvent {
  return eventOf(call, account, { action: 'consent.withdraw', outcome: 'success', detail: { client: clientId } })
}

function row(form: HiddenFields, signIn: SignIn, name: string, isThis: boolean): Html {
  const { id, methods, createdAtMs, lastUsedAtMs, remoteAddress, userAgent } = signIn
  const from = [describeUserAgent(userAgent), remoteAddress].filter(Boolean).join(' · ')
  return html`<li>
    <span>
      <strong>${name}</strong>${isThis && html` <span class="badge">This session</span>`}
      ${from !== '' && html`<span class="quiet">${from}</span>`}
      <span class="quiet">Last used ${instant(lastUsedAtMs)}</span>
      <span class="quiet">Signed in ${instant(createdAtMs)} with ${methodNames(methods)}</span>
    </span>
    <form method="post" action="/account/sign-ins/end">
      ${hiddenFields(form, { sign_in: id })}<button
        type="submit"
        aria-label="End ${name} since ${instantText(createdAtMs)}"
      >
        End
      </button>
    </form>
  </li>`
}

async function nameOf({ protocol }: Context, { clientId }: SignIn): Promise<string> {
  if (clientId === pagesClientId) return 'Browser'
  return (await protocol.findClient(clientId))?.displayName ?? 'A deleted application'
}

/** `mfa` is redundant if both factors are listed. */
function methodNames(methods: readonly string[]): string {
  const hasSecondFactor = methods.some((method) => method === 'otp' || method === 'hwk')
  const names = hasSecondFactor ? methods.filter((method) => method !== 'mfa') : methods
  return names.map(methodName).join(' and ')
}

function methodName(method: string): string {
  switch (method) {
    case 'pwd':
      return 'password'
    case 'otp':
      return 'authenticator app'
    case 'hwk':
      return 'passkey'
    case 'fed':
      return 'your organisation’s identity provider'
    default:
      return 'a second factor'
  }
}
