/** The errors of the portal's own endpoints. The surfaces behind the portal have their own errors. */
export const portalErrors = {
  notSignedIn: { status: 401, code: 'NotSignedIn', message: 'You are not signed in, or your session has ended.' },
  foreignRequest: {
    status: 403,
    code: 'ForeignRequest',
    message: 'Only pages of the portal can use this address.',
  },
  noAccess: { status: 403, code: 'NoAccess', message: 'You have no role on this registry.' },
  notFound: { status: 404, code: 'NotFound', message: 'There is no endpoint at this path.' },
  lengthRequired: { status: 411, code: 'LengthRequired', message: 'The body must have a Content-Length.' },
  tooLarge: { status: 413, code: 'RequestTooLarge', message: 'The body is larger than 4 MiB.' },
  busy: { status: 503, code: 'ServiceUnavailable', message: 'The server cannot issue tokens now. Try again later.' },
  failed: { status: 500, code: 'InternalServerError', message: 'The server could not complete the request.' },
} as const

export type PortalErrorKind = keyof typeof portalErrors

/** An error of the portal's own endpoints. */
export class PortalError extends Error {
  override readonly name = 'PortalError'
  readonly kind: PortalErrorKind
  readonly status: number
  readonly code: string
  /** A message that replaces the usual message. */
  readonly detail: string | undefined

  /** The correlation id under which the reason is recorded, if another request caused the error. */
  readonly correlationId: string | undefined

  constructor(kind: PortalErrorKind, detail?: string, options?: ErrorOptions & { readonly correlationId?: string }) {
    super(detail ?? portalErrors[kind].message, options)
    this.kind = kind
    this.status = portalErrors[kind].status
    this.code = portalErrors[kind].code
    this.detail = detail
    this.correlationId = options?.correlationId
  }

  get body() {
    return { error: { code: this.code, message: this.message } }
  }
}
