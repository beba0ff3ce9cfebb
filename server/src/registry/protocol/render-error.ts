import { type Outage, outageOf } from '../../platform/process/outage.ts'
import { OverBudgetError } from '../../platform/limits/caller-limits.ts'
import { ManifestInvalidError } from '@acrux/shared/standards/oci/manifest.ts'
import { type Exchange, sendJson } from './call.ts'
import type { RegistryDenial } from './ports.ts'
import { BodyTooLargeError } from './read-body.ts'
import { OciError } from './errors.ts'

/** Sends an error as `{"errors":[{code,message,detail}]}`; for a HEAD request, only its headers. */
export function sendError(exchange: Exchange, { code, status, message, detail, headers }: OciError): void {
  sendJson(exchange, status, { errors: [{ code, message, detail }] }, headers)
}

/** The gate's denial as an error of this surface. */
export function denialError({ code, status, message, detail, challenge, ...rest }: RegistryDenial): OciError {
  const { retryAfterSeconds } = rest
  return new OciError(code, {
    message,
    detail,
    status,
    headers: {
      ...(challenge !== undefined && { 'www-authenticate': challenge }),
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    },
  })
}

/** The error to send for an exception; undefined for an internal error. */
export function toOciError(error: unknown): OciError | undefined {
  if (error instanceof OciError) return error
  if (error instanceof OverBudgetError) return overBudget(error)
  if (error instanceof BodyTooLargeError) return new OciError('SIZE_INVALID', { status: 413, message: error.message })
  if (error instanceof ManifestInvalidError) return new OciError('MANIFEST_INVALID', { message: error.message })
  const outage = outageOf(error)
  return outage && outageError(outage, error)
}

function outageError({ status, message, retryAfterSeconds }: Outage, cause: unknown): OciError {
  return new OciError('UNAVAILABLE', { status, message, headers: { 'retry-after': String(retryAfterSeconds) }, cause })
}

function overBudget({ retryAfterSeconds }: OverBudgetError): OciError {
  const message = 'too many requests of this caller are waiting'
  return new OciError('TOOMANYREQUESTS', { message, headers: { 'retry-after': String(retryAfterSeconds) } })
}
