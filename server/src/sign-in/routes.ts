import type { FastifyReply } from 'fastify'
import { tenantParameter } from '../identity/index.ts'
import type { StepUp } from '../platform/http/change-columns.ts'
import type { RouteCost } from '../platform/http/route-cost.ts'
import { describeRoutes } from '../platform/http/surface.ts'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { showActivity } from './account/activity.ts'
import { showApplications, submitWithdrawConsent } from './account/applications.ts'
import { submitAuthenticator, submitNewAuthenticator, submitRemoveAuthenticator } from './account/authenticator.ts'
import { showNewPasskey, submitNewPasskey, submitRemovePasskey } from './account/passkeys.ts'
import { showPasswordChange, submitPasswordChange } from './account/password.ts'
import { showRemoval, showSecurity, submitRecoveryCodes } from './account/security.ts'
import { showSignIns, submitEndSignIn } from './account/sign-ins.ts'
import { submitEnrolment, submitFirstCode, submitFirstPasskey } from './authentication/enrolment.ts'
import { showOneTimeLink, submitOneTimeLink } from './authentication/one-time-link.ts'
import { showPasskey, submitPasskey } from './authentication/passkey-sign-in.ts'
import { submitNewPassword, submitPassword } from './authentication/password.ts'
import { finishProviderSignIn, startProviderSignIn } from './authentication/provider-sign-in.ts'
import { showCode, submitCode } from './authentication/second-factor.ts'
import { authorize, authorizeByForm, showFlow, submitAccount } from './endpoints/authorize.ts'
import { submitAnswer } from './endpoints/answer.ts'
import { showDeviceEnd, showDeviceLogin, submitDeviceCode } from './endpoints/device.ts'
import { logoutByForm, showLogout, showSignOut, showSignedOut, submitSignOut } from './endpoints/sign-out.ts'
import type { Context } from './flow/context.ts'
import type { PageCall } from './flow/page-call.ts'
import { redirectTo } from './flow/send-page.ts'
import { type Asset, assets } from './pages/assets.ts'

type Show = (context: Context, call: PageCall) => Promise<FastifyReply>
type Submit = (context: Context, call: PageCall, form: Form) => Promise<FastifyReply>

/** Pages for everyone, and pages that require a session in this browser and otherwise redirect to the sign-in page. */
export type PageNeed = 'public' | 'browser-session'

export type PageRow = { readonly id: string; readonly path: string; readonly cost: RouteCost } & (
  | {
      readonly method: 'GET'
      readonly need: PageNeed
      readonly show: Show
      /** Whether the user must have authenticated here within the last ten minutes. */
      readonly stepUp?: true
    }
  /** A static file. */
  | { readonly method: 'GET'; readonly need: 'public'; readonly asset: Asset; readonly stepUp?: never }
  /** Changes something. Only forms of our own pages are accepted. */
  | { readonly method: 'POST'; readonly need: 'public'; readonly submit: Submit; readonly stepUp?: never }
  /** Changes something of a signed-in user: a row does not compile without a decision about step-up. */
  | { readonly method: 'POST'; readonly need: 'browser-session'; readonly submit: Submit; readonly stepUp: StepUp }
  /** Changes nothing. Forms of other sites are accepted. */
  | { readonly method: 'POST'; readonly need: 'public'; readonly crossSite: Show; readonly stepUp?: never }
)

const tenant = `/${tenantParameter}`

/** The route table of the pages. */
// prettier-ignore
export const rows: readonly PageRow[] = [
  { id: 'sign-in.v1.authorize',          method: 'GET',  path: `${tenant}/oauth2/authorize`,           need: 'public',          cost: 'read', show: authorize('1.0') },
  { id: 'sign-in.v1.authorize.form',     method: 'POST', path: `${tenant}/oauth2/authorize`,           need: 'public',          cost: 'read', crossSite: authorizeByForm('1.0') },
  { id: 'sign-in.v2.authorize',          method: 'GET',  path: `${tenant}/oauth2/v2.0/authorize`,      need: 'public',          cost: 'read', show: authorize('2.0') },
  { id: 'sign-in.v2.authorize.form',     method: 'POST', path: `${tenant}/oauth2/v2.0/authorize`,      need: 'public',          cost: 'read', crossSite: authorizeByForm('2.0') },
  { id: 'sign-in.v1.logout',             method: 'GET',  path: `${tenant}/oauth2/logout`,              need: 'public',          cost: 'read', show: showLogout },
  { id: 'sign-in.v1.logout.form',        method: 'POST', path: `${tenant}/oauth2/logout`,              need: 'public',          cost: 'read', crossSite: logoutByForm('1.0') },
  { id: 'sign-in.v2.logout',             method: 'GET',  path: `${tenant}/oauth2/v2.0/logout`,         need: 'public',          cost: 'read', show: showLogout },
  { id: 'sign-in.v2.logout.form',        method: 'POST', path: `${tenant}/oauth2/v2.0/logout`,         need: 'public',          cost: 'read', crossSite: logoutByForm('2.0') },
  { id: 'sign-in.flow',                  method: 'GET',  path: '/sign-in',                             need: 'public',          cost: 'read', show: showFlow },
  { id: 'sign-in.account',               method: 'POST', path: '/sign-in/account',                     need: 'public',          cost: 'change', submit: submitAccount },
  { id: 'sign-in.password',              method: 'POST', path: '/sign-in/password',                    need: 'public',          cost: 'change', submit: submitPassword },
  { id: 'sign-in.new-password',          method: 'POST', path: '/sign-in/new-password',                need: 'public',          cost: 'change', submit: submitNewPassword },
  { id: 'sign-in.one-time-link',         method: 'GET',  path: '/sign-in/link',                        need: 'public',          cost: 'read', show: showOneTimeLink },
  { id: 'sign-in.one-time-link.submit',  method: 'POST', path: '/sign-in/link',                        need: 'public',          cost: 'change', submit: submitOneTimeLink },
  { id: 'sign-in.enrolment',             method: 'POST', path: '/sign-in/enrolment',                   need: 'public',          cost: 'change', submit: submitEnrolment },
  { id: 'sign-in.enrolment.confirm',     method: 'POST', path: '/sign-in/enrolment/confirm',           need: 'public',          cost: 'change', submit: submitFirstCode },
  { id: 'sign-in.enrolment.passkey',     method: 'POST', path: '/sign-in/enrolment/passkey',           need: 'public',          cost: 'change', submit: submitFirstPasskey },
  { id: 'sign-in.code',                  method: 'GET',  path: '/sign-in/code',                        need: 'public',          cost: 'read', show: showCode('totp') },
  { id: 'sign-in.recovery',              method: 'GET',  path: '/sign-in/recovery',                    need: 'public',          cost: 'read', show: showCode('recovery') },
  { id: 'sign-in.code.submit',           method: 'POST', path: '/sign-in/code',                        need: 'public',          cost: 'change', submit: submitCode },
  { id: 'sign-in.passkey',               method: 'GET',  path: '/sign-in/passkey',                     need: 'public',          cost: 'read', show: showPasskey },
  { id: 'sign-in.passkey.submit',        method: 'POST', path: '/sign-in/passkey',                     need: 'public',          cost: 'change', submit: submitPasskey },
  { id: 'sign-in.provider',              method: 'GET',  path: '/sign-in/:provider/start',             need: 'public',          cost: 'read', show: startProviderSignIn },
  { id: 'sign-in.provider.back',         method: 'GET',  path: '/sign-in/:provider/callback',          need: 'public',          cost: 'read', show: finishProviderSignIn },
  { id: 'sign-in.answer',                method: 'POST', path: '/sign-in/answer',                      need: 'public',          cost: 'change', submit: submitAnswer },
  { id: 'sign-in.device',                method: 'GET',  path: '/devicelogin',                         need: 'public',          cost: 'read', show: showDeviceLogin },
  { id: 'sign-in.device.submit',         method: 'POST', path: '/devicelogin',                         need: 'public',          cost: 'change', submit: submitDeviceCode },
  { id: 'sign-in.device.done',           method: 'GET',  path: '/devicelogin/done',                    need: 'public',          cost: 'read', show: showDeviceEnd('done') },
  { id: 'sign-in.device.declined',       method: 'GET',  path: '/devicelogin/declined',                need: 'public',          cost: 'read', show: showDeviceEnd('declined') },
  { id: 'sign-in.sign-out',              method: 'GET',  path: '/sign-out',                            need: 'public',          cost: 'read', show: showSignOut },
  { id: 'sign-in.sign-out.submit',       method: 'POST', path: '/sign-out',                            need: 'public',          cost: 'change', submit: submitSignOut },
  { id: 'sign-in.sign-out.done',         method: 'GET',  path: '/sign-out/done',                       need: 'public',          cost: 'read', show: showSignedOut },
  { id: 'sign-in.style',                 method: 'GET',  path: assets.style.path,                      need: 'public',          cost: 'small', asset: assets.style },
  { id: 'sign-in.passkey-script',        method: 'GET',  path: assets.passkeyScript.path,              need: 'public',          cost: 'small', asset: assets.passkeyScript },
  { id: 'sign-in.submit-script',         method: 'GET',  path: assets.submitScript.path,               need: 'public',          cost: 'small', asset: assets.submitScript },
  { id: 'sign-in.recovery-codes-script', method: 'GET',  path: assets.recoveryCodesScript.path,        need: 'public',          cost: 'small', asset: assets.recoveryCodesScript },
  { id: 'sign-in.one-time-link-script',  method: 'GET',  path: assets.oneTimeLinkScript.path,          need: 'public',          cost: 'small', asset: assets.oneTimeLinkScript },
  { id: 'account.home',                  method: 'GET',  path: '/account',                             need: 'public',          cost: 'read', show: async (_context, { reply }) => redirectTo(reply, '/account/security') },
  { id: 'account.security',              method: 'GET',  path: '/account/security',                    need: 'browser-session', cost: 'read', show: showSecurity },
  { id: 'account.authenticator.new',     method: 'POST', path: '/account/security/authenticator/new',  need: 'browser-session', cost: 'change', stepUp: true, submit: submitNewAuthenticator },
  { id: 'account.authenticator.confirm', method: 'POST', path: '/account/security/authenticator',      need: 'browser-session', cost: 'change', stepUp: true, submit: submitAuthenticator },
  { id: 'account.method.remove',         method: 'GET',  path: '/account/security/remove',             need: 'browser-session', cost: 'read', stepUp: true, show: showRemoval },
  { id: 'account.authenticator.remove',  method: 'POST', path: '/account/security/authenticator/remove', need: 'browser-session', cost: 'change', stepUp: true, submit: submitRemoveAuthenticator },
  { id: 'account.passkey.new',           method: 'GET',  path: '/account/security/passkey',            need: 'browser-session', cost: 'read', stepUp: true, show: showNewPasskey },
  { id: 'account.passkey.add',           method: 'POST', path: '/account/security/passkey',            need: 'browser-session', cost: 'change', stepUp: true, submit: submitNewPasskey },
  { id: 'account.passkey.remove',        method: 'POST', path: '/account/security/passkey/remove',     need: 'browser-session', cost: 'change', stepUp: true, submit: submitRemovePasskey },
  { id: 'account.recovery-codes',        method: 'POST', path: '/account/security/recovery-codes',     need: 'browser-session', cost: 'change', stepUp: true, submit: submitRecoveryCodes },
  { id: 'account.password',              method: 'GET',  path: '/account/password',                    need: 'browser-session', cost: 'read', show: showPasswordChange },
  { id: 'account.password.change',       method: 'POST', path: '/account/password',                    need: 'browser-session', cost: 'change', stepUp: 'no: the request requires the password', submit: submitPasswordChange },
  { id: 'account.sign-ins',              method: 'GET',  path: '/account/sign-ins',                    need: 'browser-session', cost: 'list', show: showSignIns },
  { id: 'account.applications',          method: 'GET',  path: '/account/applications',                need: 'browser-session', cost: 'list', show: showApplications },
  { id: 'account.applications.remove',   method: 'POST', path: '/account/applications/remove',         need: 'browser-session', cost: 'change', stepUp: 'no: the request only ends a session or revokes access', submit: submitWithdrawConsent },
  { id: 'account.activity',              method: 'GET',  path: '/account/activity',                    need: 'browser-session', cost: 'list', show: showActivity },
  { id: 'account.sign-ins.end',          method: 'POST', path: '/account/sign-ins/end',                need: 'browser-session', cost: 'change', stepUp: true, submit: submitEndSignIn },
]

/** The descriptions of all routes. Every POST is a form. */
export const pageRoutes = describeRoutes(
  rows.map((row) => ({ ...row, ...(row.method === 'POST' && { body: 'form' as const }) })),
)
