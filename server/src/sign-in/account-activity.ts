import type { FastifyReply } from 'fastify'
import type { SecurityEvent } from '../credentials/index.ts'
import { accountInQuery, accountNavigation, instant, requireAccount } from './account.ts'
import { type Html, html } from './html.ts'
import { type PageCall, type Site, sendPage } from './site.ts'
import { describeUserAgent } from './user-agent.ts'

const destination = 'activity'

/** Lists what happened to the security of a person's account. */
export async function showActivity(site: Site, call: PageCall): Promise<FastifyReply> {
  const account = requireAccount(site, call, { objectId: accountInQuery(call), destination, isFresh: false })
  const { objectId, external } = account.user
  const events = await site.credentials.securityEvents.list(objectId)
  const advice = external
    ? html`<a href="/account/sign-ins?account=${objectId}">end sessions you don’t recognise</a>`
    : html`<a href="/account/sign-ins?account=${objectId}">end sessions you don’t recognise</a>, then
        <a href="/account/password?account=${objectId}">change your password</a>`
  const body =
    events.length === 0
      ? html`<p>Nothing has happened yet. New sign-in methods, new networks and failed sign-ins are listed here.</p>`
      : html`<p>If something here was not you, ${advice}.</p>
          <ul class="rows">
            ${events.map(row)}
          </ul>`
  const navigation = accountNavigation(call, account, destination)
  return sendPage(site, call.reply, { title: 'Activity', body, navigation, isWide: true })
}

function row(event: SecurityEvent): Html {
  const { count, firstAtMs, atMs, remoteAddress, userAgent } = event
  const times = count === 1 ? undefined : html` <span class="badge">${count} times</span>`
  const from = [describeUserAgent(userAgent), remoteAddress].filter(Boolean).join(' · ')
  return html`<li>
    <span>
      <strong>${titleOf(event)}</strong>${times}
      <span class="quiet">${count > 1 && html`${instant(firstAtMs)} to `}${instant(atMs)}</span>
      ${from !== '' && html`<span class="quiet">${from}</span>`}
    </span>
  </li>`
}

function titleOf({ kind, detail }: SecurityEvent): string {
  switch (kind) {
    case 'method-added':
      return `${methodName(detail)} added`
    case 'method-removed':
      return `${methodName(detail)} removed`
    case 'password-changed':
      return 'Password changed'
    case 'password-reset':
      return 'Password reset by an administrator'
    case 'new-network':
      return 'Sign-in from a new network'
    case 'failed-sign-in':
      return `Failed sign-in: ${failures[detail] ?? 'incorrect password or code'}`
    case 'second-factor-closed':
      return 'Authenticator app blocked after too many incorrect codes'
  }
}

const failures: Readonly<Record<string, string>> = {
  'wrong-password': 'incorrect password',
  'wrong-code': 'incorrect code',
  'wrong-recovery-code': 'incorrect recovery code',
}

function methodName(detail: string): string {
  switch (detail) {
    case 'totp':
      return 'Authenticator app'
    case 'passkey':
      return 'Passkey'
    case 'recovery-codes':
      return 'Recovery codes'
    case 'enrolment-code':
      return 'Enrolment code'
    case 'all':
      return 'All second factors'
    default:
      return 'Sign-in method'
  }
}
