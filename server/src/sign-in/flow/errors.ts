import type { Flow } from './flow.ts'

type PageErrorRow = {
  readonly number: number | undefined
  readonly status: number
  readonly title: string
  readonly text: string
}

/** All errors of the pages, with Entra's numbers. [Entra, AADSTS error codes] */
// prettier-ignore
export const pageErrors = {
  malformed:      { number: 9002313,   status: 400, title: 'Invalid request',   text: 'The server could not read this request. Go back and try again.' },
  notFound:       { number: undefined, status: 404, title: 'Page not found',      text: 'There is no page at this address.' },
  foreignForm:    { number: 50117,     status: 403, title: 'This form has expired',    text: 'The form was created for another browser, or your browser blocks cookies. Nothing was changed. Go back, reload the page and try again.' },
  expired:        { number: 165000,    status: 400, title: 'Your sign-in has expired',      text: 'The sign-in was started in another browser, or more than an hour ago. Go back to your application and start over.' },
  outdated:       { number: 50173,     status: 400, title: 'Your sign-in is no longer valid', text: 'Your session ended, or your password or a sign-in method changed, so the server did not apply your last action. Sign in again.' },
  deviceEnded:    { number: 70020,     status: 400, title: 'The code has expired',         text: 'The code is too old or was already used. Request a new code on your device.' },
  throttled:      { number: 50196,     status: 429, title: 'Too many attempts',          text: 'Wait a few minutes, then try again.' },
  disabled:       { number: 50057,     status: 403, title: 'Your account is disabled',    text: 'Ask an administrator to enable your account.' },
  accessPass:     { number: 50079,     status: 403, title: 'Access pass required', text: 'Ask an administrator for the code that you need to set up a second factor.' },
  elsewhere:      { number: undefined, status: 403, title: 'Managed by your organisation', text: 'Your organisation’s identity provider manages your account. Change your password and second factor at the provider.' },
  noPasskeys:     { number: undefined, status: 404, title: 'Passkeys are not available', text: 'Passkeys require a host name, but this server uses an IP address.' },
  diskFull:       { number: 90033,     status: 507, title: 'The server is out of disk space', text: 'Nothing was changed. Try again later.' },
  databaseBusy:   { number: 90033,     status: 503, title: 'The server is busy',         text: 'Nothing was changed. Try again in a minute.' },
  internal:       { number: 90033,     status: 500, title: 'Something went wrong',       text: 'A transient error has occurred. Please try again.' },
} as const satisfies Record<string, PageErrorRow>

export type PageErrorKind = keyof typeof pageErrors

/** An error that is shown as a page. */
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

/** The person must sign in, or sign in again, and then returns to the page. */
export class SignInRequired extends Error {
  override readonly name = 'SignInRequired'
  readonly flow: Flow
  readonly browser: string

  constructor(flow: Flow, browser: string) {
    super('sign-in required')
    this.flow = flow
    this.browser = browser
  }
}
