import type { FastifyReply } from 'fastify'
import type { AuditEvent } from '../audit/index.ts'
import type { SignIn } from '../credentials/index.ts'
import type { Form } from '../standards/http/form.ts'
import { accountInQuery, accountNavigation, carriedFor, instant, instantText, requireAccount } from './account.ts'
import { type Html, html } from './html.ts'
import { type Carried, carried } from './pages/layout.ts'
import { type Account, pagesClientId } from './sessions.ts'
import { type PageCall, type Site, eventOf, goTo, sendPage, textOf } from './site.ts'
import { describeUserAgent } from './user-agent.ts'

const destination = 'sign-ins'

/** Shows where somebody is signed in. */
export async function showSignIns(site: Site, call: PageCall): Promise<FastifyReply> {
  const account = requireAccount(site, call, { objectId: accountInQuery(call), destination, isFresh: false })
  const form = carriedFor(call, account)
  const rows: Html[] = []
  for (const signIn of await site.credentials.signInsOf(account.user.objectId)) {
    rows.push(row(form, signIn, await nameOf(site, signIn), signIn.id === account.signInId))
  }
  const body = html`<p>You are signed in here. End sessions you don’t recognise, then change your password.</p>
    <ul class="rows">
      ${rows}
    </ul>
    <form method="post" action="/account/sign-ins/end">
      ${carried(form)}<button type="submit" name="sign_in" value="all">Sign out everywhere</button>
    </form>`
  const navigation = accountNavigation(call, account, destination)
  return sendPage(site, call.reply, { title: 'Sign-ins', body, navigation, isWide: true })
}

/** Ends one of somebody's sign-ins, or all of them: what was got by it is refused from then on. */
export async function submitEndSignIn(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const account = requireAccount(site, call, { objectId: textOf(form, 'account'), destination, isFresh: false })
  const { objectId } = account.user
  const id = textOf(form, 'sign_in')
  const event = eventOf(call, account, { action: 'sign-in.end', outcome: 'success', detail: { signIn: id } })
  if (id === 'all') {
    await site.database.transaction(async (transaction) => {
      await site.credentials.endSignInsOf(transaction, objectId)
      await site.audit.record(transaction, event)
    })
    return goTo(call.reply, '/sign-out')
  }
  const ended = (await site.credentials.signInsOf(objectId)).find((signIn) => signIn.id === id)
  // It may have ended meanwhile: the page tells what is left.
  if (ended !== undefined) {
    await site.database.transaction(async (transaction) => {
      await site.credentials.endSignIn(transaction, id)
      // With a consent, the application could create a new sign-in without asking the person.
      if (await site.consents.withdrawAll(transaction, objectId, ended.clientId)) {
        await site.audit.record(transaction, withdrawalEvent(call, account, ended.clientId))
      }
      await site.audit.record(transaction, event)
    })
  }
  return goTo(call.reply, `/account/sign-ins?account=${objectId}`)
}

/** The audit event for the withdrawal of a person's consents for an application. */
export function withdrawalEvent(call: PageCall, account: Account, clientId: string): AuditEvent {
  return eventOf(call, account, { action: 'consent.withdraw', outcome: 'success', detail: { client: clientId } })
}

function row(form: Carried, signIn: SignIn, name: string, isThis: boolean): Html {
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
      ${carried(form, { sign_in: id })}<button type="submit" aria-label="End ${name} since ${instantText(createdAtMs)}">
        End
      </button>
    </form>
  </li>`
}

async function nameOf({ protocol }: Site, { clientId }: SignIn): Promise<string> {
  if (clientId === pagesClientId) return 'Browser'
  return (await protocol.findClient(clientId))?.displayName ?? 'A deleted application'
}

/** `mfa` adds nothing if both factors are listed. */
function methodNames(methods: readonly string[]): string {
  const isTold = methods.some((method) => method === 'otp' || method === 'hwk')
  const told = isTold ? methods.filter((method) => method !== 'mfa') : methods
  return told.map(methodName).join(' and ')
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
      return 'another provider'
    default:
      return 'a second factor'
  }
}
