/** Why a server could not be reached. Nothing in it describes what was found at an address. */
export type OutboundFailure =
  'url' | 'address' | 'unreachable' | 'status' | 'too-large' | 'timeout' | 'content' | 'busy'

/** A request to another server failed, or was not permitted. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError'
  readonly failure: OutboundFailure

  constructor(failure: OutboundFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.failure = failure
  }
}
