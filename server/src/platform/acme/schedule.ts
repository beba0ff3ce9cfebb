import type { X509Certificate } from 'node:crypto'

/**
 * The number of consecutive failures, the delay until the next attempt, and the time of the next attempt in
 * milliseconds since the epoch.
 */
export type Failures = { readonly count: number; readonly delayMs: number; readonly retryAtMs: number }

const firstRetryMs = 2 * 60 * 1000
const maxRetryMs = 6 * 60 * 60 * 1000

/**
 * Counts one more failure and calculates the time of the next attempt. The delay doubles from 2 minutes to 6 hours, and
 * is never shorter than the time that the provider requests. At most 5 attempts are therefore in the first hour. 5
 * attempts are the limit of Let's Encrypt for failed validations of a host.
 */
export function failedAgain(before: Failures | undefined, nowMs: number, retryAfterMs: number): Failures {
  const count = (before?.count ?? 0) + 1
  const delayMs = Math.max(Math.min(firstRetryMs * 2 ** (count - 1), maxRetryMs), retryAfterMs)
  return { count, delayMs, retryAtMs: nowMs + delayMs }
}

/** When a certificate is due for renewal: when a third of its lifetime remains, such as 30 of 90 days. */
export function renewalDueMs({ validFromDate, validToDate }: X509Certificate): number {
  return validToDate.getTime() - (validToDate.getTime() - validFromDate.getTime()) / 3
}

/** Whether a certificate is due for renewal. */
export function isDue(certificate: X509Certificate, nowMs: number): boolean {
  return nowMs >= renewalDueMs(certificate)
}

/**
 * Whether a certificate expires soon: at most a sixth of its lifetime remains. In this case, the renewal has failed for
 * some time.
 */
export function isNearEnd(certificate: X509Certificate, nowMs: number): boolean {
  return remainingShare(certificate, nowMs) <= 1 / 6
}

function remainingShare({ validFromDate, validToDate }: X509Certificate, nowMs: number): number {
  return (validToDate.getTime() - nowMs) / (validToDate.getTime() - validFromDate.getTime())
}
