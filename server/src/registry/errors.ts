import { type OciErrorCode, ociErrors } from '../spec/oci-error.ts'
import { type Exchange, jsonContentType, type RegistryHeaders, writeHead } from './call.ts'

export type OciErrorOptions = {
  /** What the client reads; the code's own text where it is absent. */
  readonly message?: string
  /** For the client; anything that JSON can say. */
  readonly detail?: unknown
  /** Instead of the code's own. */
  readonly status?: number
  readonly headers?: RegistryHeaders
  readonly cause?: unknown
}

/** A refusal of this surface, by the codes of [OCI distribution-spec §Error Codes] and ACR's own. */
export class OciError extends Error {
  override readonly name = 'OciError'
  readonly code: OciErrorCode
  readonly status: number
  readonly detail: unknown
  readonly headers: RegistryHeaders

  constructor(code: OciErrorCode, { message, detail = null, status, headers = {}, cause }: OciErrorOptions = {}) {
    super(message ?? ociErrors[code].message, { cause })
    this.code = code
    this.status = status ?? ociErrors[code].status
    this.detail = detail
    this.headers = headers
  }
}

/** Renders an error as `{"errors":[{code,message,detail}]}`; to a HEAD, its headers only. */
export function sendError(exchange: Exchange, { code, status, message, detail, headers }: OciError): void {
  const body = Buffer.from(`${JSON.stringify({ errors: [{ code, message, detail }] })}\n`)
  writeHead(exchange, status, { 'content-type': jsonContentType, 'content-length': body.byteLength, ...headers })
  if (exchange.request.method === 'HEAD') exchange.response.end()
  else exchange.response.end(body)
}
