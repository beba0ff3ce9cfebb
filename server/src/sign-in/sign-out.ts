import type { FastifyReply } from 'fastify'
import { parseForm, type Form } from '../standards/http/form.ts'
import { goOnWithoutForm } from './cross-site.ts'
import { PageError } from './errors.ts'
import { html } from './html.ts'
import { carried } from './pages/layout.ts'
import { type PageCall, type Site, eventOf, goTo, queryText, sendPage, textOf } from './site.ts'

/** Asks whether everybody in this browser is to be signed out: a link alone signs nobody out. */
export function showSignOut(site: Site, call: PageCall): Promise<FastifyReply> {
  return ask(site, call, '')
}

/** The same, asked for by an application, to which the browser returns where it is registered. [OpenID Connect RP-Initiated Logout §2] */
export function showLogout(site: Site, call: PageCall): Promise<FastifyReply> {
  return ask(site, call, queryText(call))
}

/** The same, by a form. [OpenID Connect RP-Initiated Logout §2] */
export function logoutByForm(version: '1.0' | '2.0') {
  return (_site: Site, call: PageCall): Promise<FastifyReply> => goOnWithoutForm(call, version, 'logout')
}

/** Signs out the account that the form names, or everybody, in this browser. */
export async function submitSignOut(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const { sessionId, session } = call.caller
  const objectId = textOf(form, 'account')
  const accounts = (session?.accounts ?? []).filter(({ user }) => objectId === '' || user.objectId === objectId)
  if (sessionId !== undefined && session !== undefined) {
    const id = await site.database.transaction(async (transaction) => {
      for (const account of accounts) {
        await site.audit.record(transaction, eventOf(call, account, { action: 'sign-out', outcome: 'success' }))
      }
      return site.sessions.signOut(transaction, sessionId, objectId === '' ? 'all' : [objectId])
    })
    const isEmpty = accounts.length === session.accounts.length
    const { jar } = site
    call.reply.header('set-cookie', isEmpty ? jar.remove(jar.sessionName) : jar.write(jar.sessionName, id))
  }
  const target = await returnAddress(site, textOf(form, 'request'))
  if (target === undefined) return goTo(call.reply, '/sign-out/done')
  return call.reply.code(303).header('cache-control', 'no-store').header('location', target).send()
}

/** Tells that nobody is signed in any more. */
export function showSignedOut(site: Site, { reply }: PageCall): Promise<FastifyReply> {
  return sendPage(site, reply, {
    title: 'You have signed out',
    body: html`<p>You can close this window.</p>
      <p><a href="/account/security">Sign in again</a></p>`,
  })
}

async function ask(site: Site, call: PageCall, request: string): Promise<FastifyReply> {
  const { caller, reply } = call
  const accounts = caller.session?.accounts ?? []
  const redirectUri = await returnAddress(site, request)
  if (accounts.length === 0 && redirectUri === undefined) return showSignedOut(site, call)
  const body = html`<p>You will be signed out in this browser. Programs on your machine stay signed in.</p>
    <ul class="rows">
      ${accounts.map(({ user }) => html`<li>${user.userPrincipalName}</li>`)}
    </ul>
    <form method="post" action="/sign-out">
      ${carried(caller, { request })}
      <div class="actions"><button class="primary" type="submit" autofocus>Sign out</button></div>
    </form>`
  return sendPage(site, reply, { title: 'Sign out?', body, redirectUri })
}

/** Where an application that is registered for it has the browser sent. */
async function returnAddress(site: Site, request: string): Promise<string | undefined> {
  if (request === '') return undefined
  const parameters = parseForm(request)
  if (parameters === undefined) throw new PageError('malformed')
  const { redirectUri, state } = await site.protocol.readLogoutRequest(parameters)
  if (redirectUri === undefined) return undefined
  const url = new URL(redirectUri)
  if (state !== undefined) url.searchParams.append('state', state)
  return url.href
}
