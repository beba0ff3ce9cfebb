import type { Origin } from '../../platform/http/app.ts'
import { OverBudgetError } from '../../platform/limits/caller-limits.ts'
import { MalformedFormError, UnacceptableBodyError } from '../../platform/http/form-body.ts'
import { outageOf } from '../../platform/process/outage.ts'
import { type OciErrorCode, ociErrors } from '@acrux/shared/standards/oci/oci-error.ts'
import { TokenTooLongError } from '../tokens/acr-token.ts'

type TokenErrorOptions = { readonly challenge?: string; readonly retryAfterSeconds?: number }

/** An error of `/oauth2/*`, in ACR's format. [acr-protocol §1.4] */
export class TokenError extends Error {
  override readonly name = 'TokenError'
  readonly code: OciErrorCode
  readonly status: number
  readonly challenge: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(code: OciErrorCode, message: string, options: TokenErrorOptions = {}) {
    super(message)
    this.code = code
    this.status = ociErrors[code].status
    this.challenge = options.challenge
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** The same message for an unknown name and a wrong secret, so that clients cannot distinguish them. */
export const wrongCredentialsMessage = 'Invalid clientid or client secret.'

/**
 * ACR's message of a denial, with the reason if the client may know it. Without more than "authentication required", podman and
 * skopeo show only "unauthorized".
 */
export function authenticationRequired({ correlationId }: Origin, reason?: string): string {
  const because = reason === undefined ? '' : ` Reason: ${reason.replace(/\.$/, '')}.`
  return `${ociErrors.UNAUTHORIZED.message}${because} CorrelationId: ${correlationId}`
}

/** The contents of an error response, `{"errors":[…]}`. */
export type DescribedError = Pick<TokenError, 'code' | 'status' | 'message'> &
  Partial<Pick<TokenError, 'challenge' | 'retryAfterSeconds'>>

/** Describes any thrown error. Internal errors have a status of 500 or more, and their cause is not shown. */
export function describeError(error: unknown): DescribedError {
  if (error instanceof TokenError) return error
  if (error instanceof MalformedFormError || error instanceof TokenTooLongError)
    return new TokenError('BAD_REQUEST', error.message)
  if (error instanceof OverBudgetError) {
    const { retryAfterSeconds } = error
    return new TokenError('TOOMANYREQUESTS', 'too many requests of this caller are waiting', {
      retryAfterSeconds,
    })
  }
  if (error instanceof UnacceptableBodyError) {
    return { code: 'BAD_REQUEST', status: error.statusCode, message: error.message, challenge: undefined }
  }
  const outage = outageOf(error)
  if (outage !== undefined) {
    return { code: 'UNAVAILABLE', ...outage, challenge: undefined }
  }
  return new TokenError('UNKNOWN', ociErrors.UNKNOWN.message)
}
