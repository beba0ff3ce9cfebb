/** Why somebody could not sign in at an organisation's provider. */
export type UpstreamFailure =
  | 'no-such-provider'
  | 'no-transaction'
  | 'provider-refused'
  | 'unreachable'
  | 'bad-answer'
  | 'misconfigured'
  | 'tenant'
  | 'groups-left-out'
  | 'groups-unreadable'
  | 'group-missing'
  | 'not-linked'
  | 'disabled'
  | 'throttled'

/** A failure with what its page says. `detail` came from outside: it is for the eyes of the person, and is to be escaped. */
export type UpstreamRefusal = {
  readonly failure: UpstreamFailure
  readonly status: number
  readonly title: string
  readonly text: string
  readonly detail: string | undefined
}

type Row = { readonly status: number; readonly title: string; readonly text: string }

// prettier-ignore
const rows: Readonly<Record<UpstreamFailure, Row>> = {
  'no-such-provider':  { status: 404, title: 'No such provider', text: 'There is no identity provider of this name. Start again from the program that you were using.' },
  'no-transaction':    { status: 400, title: 'This sign-in has ended', text: 'It took too long, was finished already, or was begun in another browser. Start again from the program that you were using.' },
  'provider-refused':  { status: 403, title: 'The provider did not sign you in', text: 'Your organisation’s provider ended the sign-in.' },
  'unreachable':       { status: 503, title: 'The provider cannot be reached', text: 'Your organisation’s provider does not answer at this moment. Try again in a few minutes; if it stays so, tell the administrator of this registry.' },
  'bad-answer':        { status: 403, title: 'The provider’s answer cannot be accepted', text: 'What your organisation’s provider answered did not hold. The administrator of this registry finds the reason in the log.' },
  'misconfigured':     { status: 503, title: 'The provider cannot be used', text: 'The administrator of this registry has to look at how it proves itself to your organisation’s provider.' },
  'tenant':            { status: 403, title: 'Not from this organisation', text: 'People of your tenant may not sign in here. Choose an account of an organisation that may.' },
  'groups-left-out':   { status: 403, title: 'Your groups are not known', text: 'You are in more groups than the provider puts into its answer, so that your rights here cannot be told. The administrator has to limit the groups that it sends to those assigned to this application.' },
  'groups-unreadable': { status: 403, title: 'Your groups are not known', text: 'The provider told your groups in a form that cannot be read, so that your rights here cannot be told. The administrator has to make it a list of texts.' },
  'group-missing':     { status: 403, title: 'You may not sign in here', text: 'Only the members of a certain group of your organisation may. Ask the administrator to make you one.' },
  'not-linked':        { status: 403, title: 'You are not known here', text: 'An owner of this registry has to make you known before you can sign in.' },
  'disabled':          { status: 403, title: 'Your account is disabled', text: 'An owner of this registry has disabled it.' },
  'throttled':         { status: 429, title: 'Too many attempts', text: 'Too many sign-ins were begun from your address. Wait a minute and try again.' },
}

/** What is told of a failure. Of `detail` no more than 300 characters are kept. */
export function upstreamRefusal(failure: UpstreamFailure, detail?: string): UpstreamRefusal {
  return { failure, ...rows[failure], detail: detail?.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, 300) }
}

/** How a provider's part of a sign-in ended badly. `detail` is for the person, the cause for the log. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  readonly failure: 'provider-refused' | 'unreachable' | 'bad-answer' | 'misconfigured'
  readonly detail: string | undefined

  constructor(failure: UpstreamError['failure'], message: string, detail?: string, options?: ErrorOptions) {
    super(message, options)
    this.failure = failure
    this.detail = detail
  }
}
