import { randomBytes } from 'node:crypto'
import { azClientId } from '../harness/person.ts'
import type { Page } from '../harness/page-visitor.ts'
import type { Sender } from './fairness-jobs.ts'
import { newPasskey, wrongSignature } from './software-passkey.ts'

type Fields = Readonly<Record<string, string>>

/**
 * A form of the pages of sign-in and of accounts, sent with the token and the other values of its page, so that the
 * server does what the form asks for.
 */
export interface FormKind {
  /** The id of the route to which the form goes. */
  readonly id: string
  /** What the form asks for, if a route has several kinds. */
  readonly what?: string
  /** The page that is opened first. By default, a page that requires a sign-in. */
  readonly start?: string
  /** The user whose name and password are entered; undefined if the form has none. */
  readonly sender?: Sender
  /** The page that is opened then; `{flow}` stands for the sign-in of the page before. */
  readonly page?: string
  /** The form of that page that is sent once, before the form that is measured. */
  readonly before?: { readonly path: string; readonly fields?: Fields }
  /** What is filled in, in addition to the values of the page. */
  readonly fields?: (page: Page, passkeyId: string) => Fields
  /** Whether each response has the page of the next request, with a new challenge. */
  readonly isRenewed?: boolean
}

const nowhere = '99999999-9999-4999-8999-999999999999'

const authorize = `/organizations/oauth2/v2.0/authorize?${new URLSearchParams({
  client_id: azClientId,
  response_type: 'code',
  redirect_uri: 'http://localhost:36805',
  scope: 'openid',
  code_challenge: 'x'.repeat(43),
  code_challenge_method: 'S256',
}).toString()}`

/** A password that is rejected after its strength was estimated. */
const weak = { 'new-password': 'passwordpassword123', repeated: 'passwordpassword123' }
const wrongCode = () => ({ code: '000000' })
const otherHost = (page: Page) => ({ credential: newPasskey(page, 'other.example.com').credential, name: 'worst' })

/** Every form that changes something, by the route to which it goes; several for a route whose work differs. */
// prettier-ignore
export const formKinds: readonly FormKind[] = [
  { id: 'account.authenticator.new',     sender: 'user who adds an app' },
  { id: 'account.authenticator.confirm', sender: 'user who adds an app', before: { path: '/account/security/authenticator/new' }, fields: wrongCode },
  { id: 'account.authenticator.remove',  sender: 'user' },
  { id: 'account.passkey.add',           sender: 'user', page: '/account/security/passkey', fields: otherHost, isRenewed: true },
  { id: 'account.passkey.remove',        sender: 'user', fields: () => ({ passkey: nowhere }) },
  { id: 'account.recovery-codes',        sender: 'user' },
  { id: 'account.password.change',       sender: 'user with a guessed password', what: 'a wrong password', fields: () => ({ current: 'a wrong password 5', ...weak }) },
  { id: 'account.password.change',       sender: 'user', what: 'a weak new password', fields: () => ({ current: '{password}', ...weak }) },
  { id: 'account.applications.remove',   sender: 'user', fields: () => ({ client: nowhere }) },
  { id: 'account.sign-ins.end',          sender: 'user', fields: () => ({ sign_in: nowhere }) },
  { id: 'sign-in.account',               start: authorize, fields: () => ({ chosen: 'another' }) },
  { id: 'sign-in.password',              what: 'an invented user', fields: () => ({ username: `${randomBytes(8).toString('hex')}@example.com`, password: 'a wrong password 5' }) },
  { id: 'sign-in.password',              what: 'the right password', sender: 'user', page: authorize, fields: () => ({ username: '{userPrincipalName}', password: '{password}' }) },
  { id: 'sign-in.new-password',          sender: 'user with a temporary password', fields: () => weak },
  { id: 'sign-in.one-time-link.submit',  start: '/sign-in/link', fields: () => ({ link_code: randomBytes(32).toString('base64url') }) },
  { id: 'sign-in.enrolment',             sender: 'owner without a second factor' },
  { id: 'sign-in.enrolment.confirm',     sender: 'owner without a second factor', before: { path: '/sign-in/enrolment' }, fields: wrongCode },
  { id: 'sign-in.enrolment.passkey',     sender: 'owner without a second factor', before: { path: '/sign-in/enrolment', fields: { method: 'passkey' } }, fields: otherHost, isRenewed: true },
  { id: 'sign-in.code.submit',           what: 'a wrong code', sender: 'user with an app', fields: wrongCode },
  { id: 'sign-in.code.submit',           what: 'a wrong recovery code', sender: 'user with an app', page: '/sign-in/recovery?flow={flow}', fields: () => ({ code: 'abcd-efgh-jkmn-pqrs' }) },
  { id: 'sign-in.passkey.submit',        sender: 'user with a passkey', page: '/sign-in/passkey?flow={flow}', fields: (page, id) => ({ credential: wrongSignature(page, id) }), isRenewed: true },
  { id: 'sign-in.answer',                sender: 'user', start: authorize, fields: () => ({ decision: 'accept' }) },
  { id: 'sign-in.device.submit',         start: '/devicelogin', fields: () => ({ user_code: 'BCDFGHJKL' }) },
  { id: 'sign-in.sign-out.submit',       sender: 'user', page: '/sign-out', fields: () => ({ account: nowhere }) },
]

/** The name of a kind: its route, and what the form asks for if the route has several kinds. */
export function nameOfForm({ id, what }: FormKind): string {
  return what === undefined ? id : `${id}, ${what}`
}
