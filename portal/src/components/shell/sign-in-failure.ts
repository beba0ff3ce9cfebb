import { texts } from '../texts/texts.ts'

const reasons = ['expired', 'denied', 'invalid', 'unavailable'] as const

/** Why a sign-in did not complete, in words. */
export function signInFailure(reason: string | undefined): string {
  return texts.signInFailed[reasons.find((one) => one === reason) ?? 'invalid']
}
