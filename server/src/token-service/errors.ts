import { OverBudgetError } from '../platform/limits/caller-budget.ts'
import { MalformedFormError, UnacceptableBodyError } from '../platform/http/form-body.ts'
import { outageOf } from '../platform/process/outage.ts'
import { type OciErrorCode, ociErrors } from '../standards/oci/oci-error.ts'
import { TokenTooLongError } from './acr-token.ts'

type TokenErrorOptions = { readonly challenge?: string; readonly retryAfterSeconds?: number }

/** A refusal of `/oauth2/*`, in the envelope that ACR uses there. [acr-protocol §1.4] */
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

/** The same words for a name that nobody has and a secret that is wrong, so that neither can be told from the other. */
export const wrongCredentialsMessage = 'Invalid clientid or client secret.'

/** What is told of whatever was thrown, as `{"errors":[…]}`. */
export type DescribedError = Pick<TokenError, 'code' | 'status' | 'message'> &
  Partial<Pick<TokenError, 'challenge' | 'retryAfterSeconds'>>

/** What is nobody's fault but ours has a status of 500 and more, and nothing is told of its cause. */
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
