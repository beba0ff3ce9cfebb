/** The reason why a server could not be reached. The reason reveals nothing about the host at an address. */
export type OutboundFailure =
  'url' | 'address' | 'unreachable' | 'status' | 'too-large' | 'timeout' | 'content' | 'busy'

/** An outbound request failed or was denied. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError'
  readonly failure: OutboundFailure

  constructor(failure: OutboundFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.failure = failure
  }
}
