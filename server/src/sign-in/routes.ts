import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { tenantParameter } from '../identity/index.ts'
import { acceptForms } from '../platform/http/form-body.ts'
import { type Call, type Route, describeRoutes, mountSurface } from '../platform/http/surface.ts'
import type { Form } from '../standards/http/form.ts'
import { withoutDefaultPort } from '../standards/azure/login-server.ts'
import { showPasswordChange, submitPasswordChange } from './account-password.ts'
import {
  showNewPasskey,
  showRemoval,
  showSecurity,
  submitAuthenticator,
  submitNewAuthenticator,
  submitNewPasskey,
  submitRecoveryCodes,
  submitRemoveAuthenticator,
  submitRemovePasskey,
} from './account-security.ts'
import { showActivity } from './account-activity.ts'
import { showApplications, submitWithdrawConsent } from './account-applications.ts'
import { showSignIns, submitEndSignIn } from './account-sign-ins.ts'
import { type Asset, assets } from './assets.ts'
import { authorize, authorizeByForm, showFlow, submitAccount, submitAnswer } from './authorize.ts'
import { isFormToken, isFromOurPage } from './browser.ts'
import { showDeviceEnd, showDeviceLogin, submitDeviceCode } from './device.ts'
import { submitEnrolment, submitFirstCode, submitFirstPasskey } from './enrolment.ts'
import { renderPageError } from './error-page.ts'
import { PageError } from './errors.ts'
import { showPasskey, submitPasskey } from './passkey-sign-in.ts'
import { submitNewPassword, submitPassword } from './password.ts'
import { showCode, submitCode } from './second-factor.ts'
import { logoutByForm, showLogout, showSignOut, showSignedOut, submitSignOut } from './sign-out.ts'
import { type PageCall, type Site, goTo, queryText, textOf } from './site.ts'
import { beginUpstream, finishUpstream } from './upstream-pages.ts'
import { type Visitor, readVisitor, rememberBrowser } from './visitor.ts'

type Show = (site: Site, call: PageCall) => Promise<FastifyReply>
type Submit = (site: Site, call: PageCall, form: Form) => Promise<FastifyReply>

/** Pages for strangers, and those of whoever is signed in in this browser: they send everybody else to sign in. */
export type PageNeed = 'public' | 'browser-session'

type Row = { readonly id: string; readonly path: string; readonly need: PageNeed } & (
  | { readonly method: 'GET'; readonly show: Show }
  /** The same for everybody. */
  | { readonly method: 'GET'; readonly asset: Asset }
  /** Changes something: nothing but a form of our own is let through. */
  | { readonly method: 'POST'; readonly submit: Submit }
  /** Sent by other sites too: it changes nothing. */
  | { readonly method: 'POST'; readonly crossSite: Show }
)

const tenant = `/${tenantParameter}`

// prettier-ignore
const rows: readonly Row[] = [
  { id: 'sign-in.v1.authorize',          method: 'GET',  path: `${tenant}/oauth2/authorize`,           need: 'public',          show: authorize('1.0') },
  { id: 'sign-in.v1.authorize.form',     method: 'POST', path: `${tenant}/oauth2/authorize`,           need: 'public',          crossSite: authorizeByForm('1.0') },
  { id: 'sign-in.v2.authorize',          method: 'GET',  path: `${tenant}/oauth2/v2.0/authorize`,      need: 'public',          show: authorize('2.0') },
  { id: 'sign-in.v2.authorize.form',     method: 'POST', path: `${tenant}/oauth2/v2.0/authorize`,      need: 'public',          crossSite: authorizeByForm('2.0') },
  { id: 'sign-in.v1.logout',             method: 'GET',  path: `${tenant}/oauth2/logout`,              need: 'public',          show: showLogout },
  { id: 'sign-in.v1.logout.form',        method: 'POST', path: `${tenant}/oauth2/logout`,              need: 'public',          crossSite: logoutByForm('1.0') },
  { id: 'sign-in.v2.logout',             method: 'GET',  path: `${tenant}/oauth2/v2.0/logout`,         need: 'public',          show: showLogout },
  { id: 'sign-in.v2.logout.form',        method: 'POST', path: `${tenant}/oauth2/v2.0/logout`,         need: 'public',          crossSite: logoutByForm('2.0') },
  { id: 'sign-in.flow',                  method: 'GET',  path: '/sign-in',                             need: 'public',          show: showFlow },
  { id: 'sign-in.account',               method: 'POST', path: '/sign-in/account',                     need: 'public',          submit: submitAccount },
  { id: 'sign-in.password',              method: 'POST', path: '/sign-in/password',                    need: 'public',          submit: submitPassword },
  { id: 'sign-in.new-password',          method: 'POST', path: '/sign-in/new-password',                need: 'public',          submit: submitNewPassword },
  { id: 'sign-in.enrolment',             method: 'POST', path: '/sign-in/enrolment',                   need: 'public',          submit: submitEnrolment },
  { id: 'sign-in.enrolment.confirm',     method: 'POST', path: '/sign-in/enrolment/confirm',           need: 'public',          submit: submitFirstCode },
  { id: 'sign-in.enrolment.passkey',     method: 'POST', path: '/sign-in/enrolment/passkey',           need: 'public',          submit: submitFirstPasskey },
  { id: 'sign-in.code',                  method: 'GET',  path: '/sign-in/code',                        need: 'public',          show: (site, call) => showCode(site, call, flowOf(call), 'totp') },
  { id: 'sign-in.recovery',              method: 'GET',  path: '/sign-in/recovery',                    need: 'public',          show: (site, call) => showCode(site, call, flowOf(call), 'recovery') },
  { id: 'sign-in.code.submit',           method: 'POST', path: '/sign-in/code',                        need: 'public',          submit: submitCode },
  { id: 'sign-in.passkey',               method: 'GET',  path: '/sign-in/passkey',                     need: 'public',          show: (site, call) => showPasskey(site, call, flowOf(call)) },
  { id: 'sign-in.passkey.submit',        method: 'POST', path: '/sign-in/passkey',                     need: 'public',          submit: submitPasskey },
  { id: 'sign-in.provider',              method: 'GET',  path: '/sign-in/:provider/start',             need: 'public',          show: beginUpstream },
  { id: 'sign-in.provider.back',         method: 'GET',  path: '/sign-in/:provider/callback',          need: 'public',          show: finishUpstream },
  { id: 'sign-in.answer',                method: 'POST', path: '/sign-in/answer',                      need: 'public',          submit: submitAnswer },
  { id: 'sign-in.device',                method: 'GET',  path: '/devicelogin',                         need: 'public',          show: showDeviceLogin },
  { id: 'sign-in.device.submit',         method: 'POST', path: '/devicelogin',                         need: 'public',          submit: submitDeviceCode },
  { id: 'sign-in.device.done',           method: 'GET',  path: '/devicelogin/done',                    need: 'public',          show: showDeviceEnd('done') },
  { id: 'sign-in.device.declined',       method: 'GET',  path: '/devicelogin/declined',                need: 'public',          show: showDeviceEnd('declined') },
  { id: 'sign-in.sign-out',              method: 'GET',  path: '/sign-out',                            need: 'public',          show: showSignOut },
  { id: 'sign-in.sign-out.submit',       method: 'POST', path: '/sign-out',                            need: 'public',          submit: submitSignOut },
  { id: 'sign-in.sign-out.done',         method: 'GET',  path: '/sign-out/done',                       need: 'public',          show: showSignedOut },
  { id: 'sign-in.style',                 method: 'GET',  path: assets.style.path,                      need: 'public',          asset: assets.style },
  { id: 'sign-in.passkey-script',        method: 'GET',  path: assets.passkeyScript.path,              need: 'public',          asset: assets.passkeyScript },
  { id: 'sign-in.submit-script',         method: 'GET',  path: assets.submitScript.path,               need: 'public',          asset: assets.submitScript },
  { id: 'sign-in.recovery-codes-script', method: 'GET',  path: assets.recoveryCodesScript.path,        need: 'public',          asset: assets.recoveryCodesScript },
  { id: 'account.home',                  method: 'GET',  path: '/account',                             need: 'public',          show: async (_site, { reply }) => goTo(reply, '/account/security') },
  { id: 'account.security',              method: 'GET',  path: '/account/security',                    need: 'browser-session', show: showSecurity },
  { id: 'account.authenticator.new',     method: 'POST', path: '/account/security/authenticator/new',  need: 'browser-session', submit: submitNewAuthenticator },
  { id: 'account.authenticator.confirm', method: 'POST', path: '/account/security/authenticator',      need: 'browser-session', submit: submitAuthenticator },
  { id: 'account.method.remove',         method: 'GET',  path: '/account/security/remove',             need: 'browser-session', show: showRemoval },
  { id: 'account.authenticator.remove',  method: 'POST', path: '/account/security/authenticator/remove', need: 'browser-session', submit: submitRemoveAuthenticator },
  { id: 'account.passkey.new',           method: 'GET',  path: '/account/security/passkey',            need: 'browser-session', show: showNewPasskey },
  { id: 'account.passkey.add',           method: 'POST', path: '/account/security/passkey',            need: 'browser-session', submit: submitNewPasskey },
  { id: 'account.passkey.remove',        method: 'POST', path: '/account/security/passkey/remove',     need: 'browser-session', submit: submitRemovePasskey },
  { id: 'account.recovery-codes',        method: 'POST', path: '/account/security/recovery-codes',     need: 'browser-session', submit: submitRecoveryCodes },
  { id: 'account.password',              method: 'GET',  path: '/account/password',                    need: 'browser-session', show: showPasswordChange },
  { id: 'account.password.change',       method: 'POST', path: '/account/password',                    need: 'browser-session', submit: submitPasswordChange },
  { id: 'account.sign-ins',              method: 'GET',  path: '/account/sign-ins',                    need: 'browser-session', show: showSignIns },
  { id: 'account.applications',          method: 'GET',  path: '/account/applications',                need: 'browser-session', show: showApplications },
  { id: 'account.applications.remove',   method: 'POST', path: '/account/applications/remove',         need: 'browser-session', submit: submitWithdrawConsent },
  { id: 'account.activity',              method: 'GET',  path: '/account/activity',                    need: 'browser-session', show: showActivity },
  { id: 'account.sign-ins.end',          method: 'POST', path: '/account/sign-ins/end',                need: 'browser-session', submit: submitEndSignIn },
]

/** The table of the pages, for the walk over all of them. */
export const pageRoutes = describeRoutes(rows)

/** Adds the pages to the application. */
export function mountPages(app: FastifyInstance, site: Site): void {
  mountSurface(
    app,
    {
      name: 'sign-in',
      routes: rows.map((row): Route<PageNeed, Visitor> => ({ ...row, handle: (call) => handle(site, row, call) })),
      territory: ['/sign-in/*', '/account/*', '/devicelogin/*', '/sign-out/*'],
      // A page finds out itself whose session it needs, of the several that a browser may have.
      authorize: (_need, request) => readVisitor(request, site),
      renderError: (error, request, reply) => renderPageError(site, error, request, reply),
      notFound: () => new PageError('notFound'),
    },
    acceptForms,
  )
}

async function handle(site: Site, row: Row, call: Call<Visitor>): Promise<FastifyReply> {
  const { request, reply, caller } = call
  if (row.method === 'GET' && isElsewhere(site, request)) {
    return reply
      .code(302)
      .header('cache-control', 'no-store')
      .header('location', `${site.publicOrigin}${request.url}`)
      .send()
  }
  if ('asset' in row) return sendAsset(reply, row.asset)
  // A form of another site comes without the name that the browser has: it must not be given another.
  if ('crossSite' in row) return row.crossSite(site, call)
  if ('submit' in row) return row.submit(site, call, requireOwnForm(site, call))
  rememberBrowser(reply, site.jar, caller)
  return row.show(site, call)
}

/** Cookies and passkeys belong to one host: whoever came by another name of the server is sent to that. */
function isElsewhere({ publicOrigin }: Site, { host, url }: FastifyRequest): boolean {
  const own = new URL(publicOrigin)
  const asked = withoutDefaultPort(host.toLowerCase(), own.protocol === 'https:' ? 443 : 80)
  return url.startsWith('/') && asked !== own.host
}

/** The form, when this browser was given it by us. @throws PageError */
function requireOwnForm({ publicOrigin }: Site, { request, caller }: PageCall): Form {
  const form = request.body instanceof Map ? (request.body as Form) : undefined
  if (form === undefined) throw new PageError('malformed')
  const isOurs = isFromOurPage(publicOrigin, request.headers) && isFormToken(caller.browser, textOf(form, 'token'))
  if (!isOurs) throw new PageError('foreignForm')
  return form
}

function flowOf(call: PageCall): string {
  return new URLSearchParams(queryText(call)).get('flow') ?? ''
}

function sendAsset(reply: FastifyReply, { contentType, text }: Asset): FastifyReply {
  return reply
    .header('content-type', contentType)
    .header('cache-control', 'public, max-age=31536000, immutable')
    .header('cross-origin-resource-policy', 'same-origin')
    .send(text)
}
