/** An address to which events are delivered, and the progress. */
export type WebhookRow = {
  /** In lower case. */
  readonly name: string
  readonly url: string
  /** 0 or 1. */
  readonly enabled: number
  /** JSON text. */
  readonly filter: string
  readonly sealed_secret: Uint8Array
  /** The previous secret, and the time until which this secret also signs deliveries. */
  readonly sealed_previous: Uint8Array | null
  readonly previous_until_ms: number
  /** The highest number of an event when the webhook was created. Events up to this number are not delivered. */
  readonly after_seq: number
  /** Exceptions, as JSON text: missing numbers, because a later commit in PostgreSQL can have a lower number. */
  readonly awaited_seqs: string
  /** The block of the next event to be delivered, and the position in the block. */
  readonly block: number
  readonly entry: number
  /** The number of consecutive failures. */
  readonly failures: number
  readonly next_attempt_ms: number
  readonly last_delivery_ms: number | null
  readonly last_error: string | null
  /** The end of the claim of a server. */
  readonly claimed_until_ms: number
}
