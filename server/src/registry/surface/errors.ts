import { type OciErrorCode, ociErrors } from '../../standards/oci/oci-error.ts'

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

/** A refusal of this surface, by the codes of [OCI distribution-spec, Error Codes] and ACR's own. */
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

/** The credential was issued before the repository it is used on was deleted. Rendered as the gate's own refusal. */
export class OutdatedCredentialError extends Error {
  override readonly name = 'OutdatedCredentialError'
}

/**
 * The headers that this surface may send, besides those that every answer of the server has. A header that is not named
 * here does not compile, so that nothing of a back end can leak through.
 */
export type RegistryHeaders = {
  readonly 'content-type'?: string
  readonly 'content-length'?: number | string
  readonly 'content-range'?: string
  readonly 'accept-ranges'?: 'bytes'
  readonly 'docker-content-digest'?: string
  readonly 'docker-upload-uuid'?: string
  readonly 'oci-subject'?: string
  readonly 'oci-tag'?: readonly string[] | string
  readonly 'oci-filters-applied'?: string
  readonly 'oci-chunk-min-length'?: string
  readonly 'x-ms-int-docker-content-digest'?: string
  readonly 'www-authenticate'?: string
  readonly 'retry-after'?: string
  readonly 'cache-control'?: string
  readonly connection?: 'close'
  readonly location?: string
  readonly range?: string
  readonly etag?: string
  readonly link?: string
  readonly allow?: string
}
