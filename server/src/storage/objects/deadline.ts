/** How long the store may take to respond. */
export const defaultTimeoutMs = 30_000

/** The slowest transfer that is waited for: 256 KiB in a second. */
const bytesPerMs = 256

/** Ends a request to an object store that takes too long, repetitions included. */
export function deadline(timeoutMs: number, sentBytes = 0): AbortSignal {
  return AbortSignal.timeout(Math.ceil(timeoutMs + sentBytes / bytesPerMs))
}
