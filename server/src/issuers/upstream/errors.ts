import { cutText } from '@acrux/shared/standards/http/cut-text.ts'

/** Why a sign-in at a provider failed. */
export type UpstreamFailure =
  | 'no-such-provider'
  | 'no-transaction'
  | 'provider-denied'
  | 'unreachable'
  | 'bad-answer'
  | 'misconfigured'
  | 'not-fresh'
  | 'tenant'
  | 'groups-left-out'
  | 'groups-unreadable'
  | 'group-missing'
  | 'not-linked'
  | 'disabled'
  | 'throttled'

/** A failure and the text of its page. `detail` comes from the provider: display it escaped, and only to the person. */
export type UpstreamRejection = {
  readonly failure: UpstreamFailure
  readonly status: number
  readonly title: string
  readonly text: string
  readonly detail: string | undefined
}

type Row = { readonly status: number; readonly title: string; readonly text: string }

/** The pages of failed sign-ins. */
// prettier-ignore
export const upstreamErrors: Readonly<Record<UpstreamFailure, Row>> = {
  'no-such-provider':  { status: 404, title: 'No such provider', text: 'There is no identity provider with this name. Start over in the program that you were using.' },
  'no-transaction':    { status: 400, title: 'This sign-in has expired', text: 'The sign-in took too long, was already completed, or was started in another browser. Start over in the program that you were using.' },
  'provider-denied':  { status: 403, title: 'The provider did not sign you in', text: 'Your organisation’s provider cancelled the sign-in.' },
  'unreachable':       { status: 503, title: 'The provider cannot be reached', text: 'Your organisation’s provider does not respond. Try again in a few minutes. If the problem persists, contact the administrator of this registry.' },
  'bad-answer':        { status: 403, title: 'Invalid response', text: 'Your organisation’s provider returned an invalid response. The administrator of this registry can find the reason in the log.' },
  'misconfigured':     { status: 503, title: 'The provider cannot be used', text: 'The administrator of this registry has to correct the registry’s credentials at your organisation’s provider.' },
  'not-fresh':         { status: 403, title: 'Sign-in not confirmed', text: 'You were asked to sign in again, but your organisation’s provider did not confirm the sign-in. Try again; if it happens again, ask the administrator of this registry to configure the provider so that it sends “auth_time”.' },
  'tenant':            { status: 403, title: 'Not from this organisation', text: 'Accounts of your tenant cannot sign in here. Choose an account of another organisation.' },
  'groups-left-out':   { status: 403, title: 'Your groups are not known', text: 'You are a member of more groups than the provider includes in a response, so your permissions cannot be determined. The administrator has to configure the provider to send only the groups of this application.' },
  'groups-unreadable': { status: 403, title: 'Your groups are not known', text: 'The provider sent your groups in an unknown format, so your permissions cannot be determined. The administrator has to configure the provider to send a list of strings.' },
  'group-missing':     { status: 403, title: 'Sign-in not allowed', text: 'Only members of a certain group of your organisation can sign in. Ask the administrator to add you to the group.' },
  'not-linked':        { status: 403, title: 'Unknown account', text: 'The administrator of this registry has to link your account before you can sign in.' },
  'disabled':          { status: 403, title: 'Your account is disabled', text: 'The administrator of this registry has disabled your account. Ask the administrator to enable your account.' },
  'throttled':         { status: 429, title: 'Too many attempts', text: 'Too many sign-ins were started from your address. Wait a minute and try again.' },
}

/** The rejection for a failure. `detail` is cut to 300 characters. */
export function upstreamRejection(failure: UpstreamFailure, detail?: string): UpstreamRejection {
  const clean = detail?.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
  return { failure, ...upstreamErrors[failure], detail: clean && cutText(clean, 300) }
}

/** The provider's part of a sign-in failed. `detail` is for the person, the cause for the log. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  readonly failure: 'provider-denied' | 'unreachable' | 'bad-answer' | 'misconfigured'
  readonly detail: string | undefined

  constructor(failure: UpstreamError['failure'], message: string, detail?: string, options?: ErrorOptions) {
    super(message, options)
    this.failure = failure
    this.detail = detail
  }
}
