/** An ACME provider could not be used, or rejected a request. The message is for the log of the operator. */
export class AcmeError extends Error {
  override readonly name = 'AcmeError'
  /** The type of the problem, such as `rateLimited`; empty if the provider named none. [RFC 8555 §6.7] */
  readonly type: string
  /** How long the provider asks clients to wait, in milliseconds. */
  readonly retryAfterMs: number

  constructor(
    message: string,
    options: ErrorOptions & { readonly type?: string; readonly retryAfterMs?: number } = {},
  ) {
    super(message, options)
    this.type = options.type ?? ''
    this.retryAfterMs = options.retryAfterMs ?? 0
  }
}
