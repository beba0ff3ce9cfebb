import type { FastifyReply } from 'fastify'
import { MalformedFormError } from '../platform/http/form-body.ts'
import { type OciErrorCode, ociErrors } from '../spec/oci-error.ts'

/** A refusal of `/oauth2/*`, in the envelope that ACR uses there. [acr-protocol §1.4] */
export class TokenError extends Error {
  override readonly name = 'TokenError'
  readonly code: OciErrorCode
  readonly status: number
  readonly challenge: string | undefined

  constructor(code: OciErrorCode, message: string, options: { readonly challenge?: string } = {}) {
    super(message)
    this.code = code
    this.status = ociErrors[code].status
    this.challenge = options.challenge
  }
}

/** The same words for a name that nobody has and a secret that is wrong, so that neither can be told from the other. */
export const wrongCredentialsMessage = 'Invalid clientid or client secret.'

/** Renders whatever was thrown as `{"errors":[…]}`; what is nobody's fault but ours says nothing of its cause. */
export function sendTokenError(reply: FastifyReply, error: unknown): FastifyReply {
  const { code, status, message, challenge } = describe(error)
  if (challenge !== undefined) reply.header('www-authenticate', challenge)
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .header('content-type', 'application/json; charset=utf-8')
    .send(`${JSON.stringify({ errors: [{ code, message, detail: null }] })}\n`)
}

type Described = Pick<TokenError, 'code' | 'status' | 'message' | 'challenge'>

function describe(error: unknown): Described {
  if (error instanceof TokenError) return error
  if (error instanceof MalformedFormError) return new TokenError('BAD_REQUEST', error.message)
  const status = statusOf(error)
  return status === undefined
    ? new TokenError('UNKNOWN', ociErrors.UNKNOWN.message)
    : { code: 'BAD_REQUEST', status, message: 'the request is malformed', challenge: undefined }
}

/** Whether it is to be logged as a failure, because no client can be blamed for it. */
export function isOurFault(error: unknown): boolean {
  return describe(error).status >= 500
}

/** The 4xx status that the framework gives to a body that is too large, of another type or malformed. */
function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined
  const { statusCode } = error
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : undefined
}
