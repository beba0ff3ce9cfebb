/** What may be spent at once, and what comes back a second in the long run. */
export type Allowance = { readonly burst: number; readonly perSecond: number }

/** What is left of an allowance, as of an instant. */
export type Bucket = { tokens: number; atMs: number }

/** A bucket of which nothing was spent. */
export function fullBucket({ burst }: Allowance, nowMs: number): Bucket {
  return { tokens: burst, atMs: nowMs }
}

/** Adds what came back since the bucket was last looked at. */
export function refill(bucket: Bucket, { burst, perSecond }: Allowance, nowMs: number): void {
  bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1000) * perSecond)
  bucket.atMs = nowMs
}

/** Takes a token, if there is a whole one. */
export function spend(bucket: Bucket, allowance: Allowance, nowMs: number): boolean {
  refill(bucket, allowance, nowMs)
  if (bucket.tokens < 1) return false
  bucket.tokens -= 1
  return true
}
