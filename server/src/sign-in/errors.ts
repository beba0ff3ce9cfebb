import type { Flow } from './flow.ts'

type PageErrorRow = {
  readonly number: number | undefined
  readonly status: number
  readonly title: string
  readonly text: string
}

/** Every refusal of the pages. The numbers are those that Entra shows. [Entra, AADSTS error codes] */
// prettier-ignore
const pageErrors = {
  malformed:      { number: 9002313,   status: 400, title: 'Invalid request',   text: 'The server could not read this request. Go back and try again.' },
  notFound:       { number: undefined, status: 404, title: 'Page not found',      text: 'There is no page at this address.' },
  foreignForm:    { number: 50117,     status: 403, title: 'The form has expired',    text: 'The form was made for another browser, or cookies are turned off. Nothing was changed. Go back, reload the page and try again.' },
  expired:        { number: 165000,    status: 400, title: 'The sign-in has expired',      text: 'It was started in another browser, or more than an hour ago. Start over in the program that you were using.' },
  outdated:       { number: 50173,     status: 400, title: 'Your sign-in is no longer valid', text: 'Your password or a sign-in method was changed in the meantime. Nothing else was changed. Start over in the program that you were using.' },
  deviceEnded:    { number: 70020,     status: 400, title: 'The code has expired',         text: 'It is too old, or was already used. Request another code on your device.' },
  throttled:      { number: 50196,     status: 429, title: 'Too many attempts',          text: 'Wait a few minutes before you try again.' },
  disabled:       { number: 50057,     status: 403, title: 'The account is disabled',    text: 'Ask an owner of the directory to enable it.' },
  enrolmentCode:  { number: 50079,     status: 403, title: 'An enrolment code is needed', text: 'Ask an owner of the directory for the code that you need to set up your first second factor.' },
  elsewhere:      { number: undefined, status: 403, title: 'Managed by your organisation', text: 'You sign in with your organisation’s provider. Change your password and second factor there.' },
  noPasskeys:     { number: undefined, status: 404, title: 'Passkeys are not available', text: 'Passkeys need a host name, but this server is reached by an IP address.' },
  diskFull:       { number: 90033,     status: 507, title: 'The server is out of space', text: 'The server has run out of disk space. Nothing was changed. Try again later.' },
  databaseBusy:   { number: 90033,     status: 503, title: 'The server is busy',         text: 'The database of the server is locked. Nothing was changed. Try again in a minute.' },
  internal:       { number: 90033,     status: 500, title: 'Something went wrong',       text: 'A transient error has occurred. Please try again.' },
} as const satisfies Record<string, PageErrorRow>

export type PageErrorKind = keyof typeof pageErrors

/** A refusal that is shown as a page. */
export class PageError extends Error {
  override readonly name = 'PageError'
  readonly kind: PageErrorKind
  readonly number: number | undefined
  readonly status: number
  readonly title: string

  constructor(kind: PageErrorKind, options?: ErrorOptions) {
    const row: PageErrorRow = pageErrors[kind]
    super(row.text, options)
    this.kind = kind
    this.number = row.number
    this.status = row.status
    this.title = row.title
  }
}

/** Nobody is signed in, or not lately enough: the person proves who they are and comes back. */
export class SignInNeeded extends Error {
  override readonly name = 'SignInNeeded'
  readonly flow: Flow
  readonly browser: string

  constructor(flow: Flow, browser: string) {
    super('nobody is signed in')
    this.flow = flow
    this.browser = browser
  }
}
