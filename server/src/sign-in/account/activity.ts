import type { FastifyReply } from 'fastify'
import type { SecurityEvent } from '../../credentials/index.ts'
import { accountInQuery, accountNavigation, requireAccount } from './account.ts'
import { instant, instantText } from '../pages/instant.ts'
import { type Html, html } from '../pages/html.ts'
import type { Context } from '../flow/context.ts'
import type { PageCall } from '../flow/page-call.ts'
import { sendPage } from '../flow/send-page.ts'
import { describeUserAgent } from '@acrux/shared/standards/http/user-agent.ts'

const page = 'activity'

/** Lists the security events of an account. */
export async function showActivity(context: Context, call: PageCall): Promise<FastifyReply> {
  const account = requireAccount(context, call, { objectId: accountInQuery(call), page })
  const { objectId, external } = account.user
  const events = await context.credentials.securityEvents.list(objectId)
  const advice = external
    ? html`<a href="/account/sign-ins?account=${objectId}">end sessions you don’t recognise</a>`
    : html`<a href="/account/sign-ins?account=${objectId}">end sessions you don’t recognise</a>, then
        <a href="/account/password?account=${objectId}">change your password</a>`
  const body =
    events.length === 0
      ? html`<p>No activity yet. New sign-in methods, sign-ins from new networks and failed sign-ins appear here.</p>`
      : html`<p>If you don’t recognise an event, ${advice}.</p>
          <ul class="rows">
            ${events.map(row)}
          </ul>`
  const navigation = accountNavigation(call, account, page)
  return sendPage(context, call.reply, { title: 'Activity', body, navigation, isWide: true })
}

function row(event: SecurityEvent): Html {
  const { count, firstAtMs, atMs, remoteAddress, userAgent } = event
  const isRange = instantText(firstAtMs) !== instantText(atMs)
  const times = count === 1 ? undefined : html` <span class="badge">${count} times</span>`
  const from = [describeUserAgent(userAgent), remoteAddress].filter(Boolean).join(' · ')
  return html`<li>
    <span>
      <strong>${titleOf(event)}</strong>${times}
      <span class="quiet">${isRange && html`${instant(firstAtMs)} to `}${instant(atMs)}</span>
      ${from !== '' && html`<span class="quiet">${from}</span>`}
    </span>
  </li>`
}

const createdMethods = new Set(['recovery-codes', 'access-pass'])

function titleOf({ kind, detail }: SecurityEvent): string {
  switch (kind) {
    case 'method-added':
      return `${methodName(detail)} ${createdMethods.has(detail) ? 'created' : 'added'}`
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
    case 'access-pass':
      return 'Access pass'
    case 'all':
      return 'All second factors'
    default:
      return 'Sign-in method'
  }
}
