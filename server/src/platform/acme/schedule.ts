import type { X509Certificate } from 'node:crypto'

/** How many failures there were in a row, the delay until the next attempt, and its time in milliseconds since the epoch. */
export type Failures = { readonly count: number; readonly delayMs: number; readonly retryAtMs: number }

const firstRetryMs = 2 * 60 * 1000
const maxRetryMs = 6 * 60 * 60 * 1000

/**
 * The failures after another one. The delay doubles from 2 minutes to 6 hours, and is never shorter than the provider asks.
 * So at most 5 attempts fall into the first hour, which is the limit of Let's Encrypt for failed validations of a host.
 */
export function failedAgain(before: Failures | undefined, nowMs: number, retryAfterMs: number): Failures {
  const count = (before?.count ?? 0) + 1
  const delayMs = Math.max(Math.min(firstRetryMs * 2 ** (count - 1), maxRetryMs), retryAfterMs)
  return { count, delayMs, retryAtMs: nowMs + delayMs }
}

/** When a certificate is due for renewal: a third of its lifetime is left, such as 30 of 90 days. */
export function renewalDueMs({ validFromDate, validToDate }: X509Certificate): number {
  return validToDate.getTime() - (validToDate.getTime() - validFromDate.getTime()) / 3
}

/** Whether a certificate is due for renewal. */
export function isDue(certificate: X509Certificate, nowMs: number): boolean {
  return nowMs >= renewalDueMs(certificate)
}

/** Whether a certificate is near its end, so that its renewal has failed for some time: a sixth of its lifetime is left. */
export function isNearEnd(certificate: X509Certificate, nowMs: number): boolean {
  return remainingShare(certificate, nowMs) <= 1 / 6
}

function remainingShare({ validFromDate, validToDate }: X509Certificate, nowMs: number): number {
  return (validToDate.getTime() - nowMs) / (validToDate.getTime() - validFromDate.getTime())
}
