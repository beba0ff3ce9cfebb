/** The burst size and the refill rate per second. */
export type Allowance = { readonly burst: number; readonly perSecond: number }

/** The remaining tokens of a bucket at a time. */
export type Bucket = { tokens: number; atMs: number }

/** Creates a full bucket. */
export function fullBucket({ burst }: Allowance, nowMs: number): Bucket {
  return { tokens: burst, atMs: nowMs }
}

/** Adds the tokens that accrued since the last refill. */
export function refill(bucket: Bucket, { burst, perSecond }: Allowance, nowMs: number): void {
  bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1000) * perSecond)
  bucket.atMs = nowMs
}

/** Takes a token if at least one token is left. */
export function spend(bucket: Bucket, allowance: Allowance, nowMs: number): boolean {
  refill(bucket, allowance, nowMs)
  if (bucket.tokens < 1) return false
  bucket.tokens -= 1
  return true
}
