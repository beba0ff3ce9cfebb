import type { FastifyReply } from 'fastify'
import { parseForm, type Form } from '@acrux/shared/standards/http/form.ts'
import { redirectWithoutForm } from './cross-site.ts'
import { PageError } from '../flow/errors.ts'
import { html } from '../pages/html.ts'
import { hiddenFields } from '../pages/layout.ts'
import type { Context } from '../flow/context.ts'
import { type PageCall, eventOf, queryOf, readField } from '../flow/page-call.ts'
import { redirectTo, sendPage } from '../flow/send-page.ts'

/** Asks whether to sign out of this browser. A link alone does not sign a user out. */
export function showSignOut(context: Context, call: PageCall): Promise<FastifyReply> {
  return askToConfirm(context, call, '')
}

/**
 * Asks whether to sign out, at the request of an application, to which the browser returns if its address is
 * registered. [OpenID Connect RP-Initiated Logout §2]
 */
export function showLogout(context: Context, call: PageCall): Promise<FastifyReply> {
  return askToConfirm(context, call, queryOf(call))
}

/** Accepts the same request as a form. [OpenID Connect RP-Initiated Logout §2] */
export function logoutByForm(version: '1.0' | '2.0') {
  return (_context: Context, call: PageCall): Promise<FastifyReply> => redirectWithoutForm(call, version, 'logout')
}

/** Signs out the account in the form, or all accounts, in this browser. */
export async function submitSignOut(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  const { sessionId, session } = call.caller
  const objectId = readField(form, 'account')
  const accounts = (session?.accounts ?? []).filter(({ user }) => objectId === '' || user.objectId === objectId)
  if (sessionId !== undefined && session !== undefined) {
    const objectIds = accounts.map(({ user }) => user.objectId)
    const { id, cookie } = await context.database.transaction(async (transaction) => {
      for (const account of accounts) {
        await context.audit.record(transaction, eventOf(call, account, { action: 'sign-out', outcome: 'success' }))
      }
      return {
        cookie: await context.onSignOut(transaction, call.request.headers.cookie, objectIds),
        id: await context.sessions.signOut(transaction, sessionId, objectId === '' ? 'all' : [objectId]),
      }
    })
    if (cookie !== undefined) call.reply.header('set-cookie', cookie)
    const isEmpty = accounts.length === session.accounts.length
    const { jar } = context
    call.reply.header('set-cookie', isEmpty ? jar.remove(jar.sessionName) : jar.write(jar.sessionName, id))
  }
  const target = await returnAddress(context, readField(form, 'request'))
  if (target === undefined) return redirectTo(call.reply, '/sign-out/done')
  return call.reply.code(303).header('cache-control', 'no-store').header('location', target).send()
}

/** Confirms the sign-out. */
export function showSignedOut(context: Context, { reply }: PageCall): Promise<FastifyReply> {
  return sendPage(context, reply, {
    title: 'You have signed out',
    body: html`<p>You can close this window.</p>
      <p><a href="/account/security">Sign in again</a></p>`,
  })
}

async function askToConfirm(context: Context, call: PageCall, request: string): Promise<FastifyReply> {
  const { caller, reply } = call
  const accounts = caller.session?.accounts ?? []
  const redirectUri = await returnAddress(context, request)
  if (accounts.length === 0 && redirectUri === undefined) return showSignedOut(context, call)
  const body = html`<p>You will be signed out of this browser. Applications on your computer stay signed in.</p>
    <ul class="rows">
      ${accounts.map(({ user }) => html`<li>${user.userPrincipalName}</li>`)}
    </ul>
    <form method="post" action="/sign-out">
      ${hiddenFields(caller, { request })}
      <div class="actions">
        <button class="primary" type="submit" autofocus>Sign out</button>
        ${accounts.length > 0 && html`<a class="button" href="/account/security">Cancel</a>`}
      </div>
    </form>`
  return sendPage(context, reply, { title: 'Sign out?', body, redirectUri })
}

/** The registered address to which the application wants the browser to return. */
async function returnAddress(context: Context, request: string): Promise<string | undefined> {
  if (request === '') return undefined
  const parameters = parseForm(request)
  if (parameters === undefined) throw new PageError('malformed')
  const { redirectUri, state } = await context.protocol.readLogoutRequest(parameters)
  if (redirectUri === undefined) return undefined
  const url = new URL(redirectUri)
  if (state !== undefined) url.searchParams.append('state', state)
  return url.href
}
