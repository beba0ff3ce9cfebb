import { DirectoryError } from '../../directory/index.ts'
import type { Clock } from '../../platform/process/clock.ts'

export const dayMs = 24 * 60 * 60 * 1000

/** The lifetime of a secret in days, if the request contains no lifetime. */
export const defaultSecretDays = 365

/** The maximum number of secrets, and of certificates, of one application or service principal. */
export const maxCredentials = 100

/** If the clock of a client is a little ahead, "two years" must not be too long. */
const clockSlackMs = 60 * 60 * 1000

/** Requires that the lifetime of a credential is valid. @throws DirectoryError */
export type RequireLifetime = (startsAtMs: number, expiresAtMs: number) => void

/** Creates the function that checks lifetimes. */
export function createRequireLifetime(clock: Clock, maxCredentialDays: number): RequireLifetime {
  return (startsAtMs, expiresAtMs) => {
    const nowMs = clock.now()
    if (expiresAtMs <= startsAtMs || expiresAtMs <= nowMs) {
      throw new DirectoryError('invalid', 'Credential end date is invalid.')
    }
    if (expiresAtMs > nowMs + maxCredentialDays * dayMs + clockSlackMs) {
      const limit = `The maximum is ${maxCredentialDays} days.`
      throw new DirectoryError('invalid', `Credential lifetime exceeds the max value allowed. ${limit}`)
    }
  }
}
