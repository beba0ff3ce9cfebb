import { type OciErrorCode, ociErrors } from '@acrux/shared/standards/oci/oci-error.ts'

export type OciErrorOptions = {
  /** For the client. Default: the text of the code. */
  readonly message?: string
  /** Why, where the message is ACR's and does not say it. Only responses that are not ACR's show it. */
  readonly reason?: string | undefined
  /** For the client; any JSON value. */
  readonly detail?: unknown
  /** Default: the status of the code. */
  readonly status?: number
  readonly headers?: RegistryHeaders
  /** For an error that is no failure of the server: it is not logged. */
  readonly isExpected?: true
  readonly cause?: unknown
}

/** An error of this surface, with a code of [OCI distribution-spec, Error Codes] or of ACR. */
export class OciError extends Error {
  override readonly name = 'OciError'
  readonly code: OciErrorCode
  readonly status: number
  readonly reason: string | undefined
  readonly detail: unknown
  readonly headers: RegistryHeaders
  readonly isExpected?: true

  constructor(
    code: OciErrorCode,
    { message, reason, detail = null, status, headers = {}, isExpected, cause }: OciErrorOptions = {},
  ) {
    super(message ?? ociErrors[code].message, { cause })
    this.code = code
    this.status = status ?? ociErrors[code].status
    this.reason = reason
    this.detail = detail
    this.headers = headers
    if (isExpected) this.isExpected = true
  }
}

/** The credential was issued before the repository was deleted and recreated. Rendered as the gate's denial. */
export class OutdatedCredentialError extends Error {
  override readonly name = 'OutdatedCredentialError'
}

/**
 * The headers that this surface may send, in addition to those of every response. Any other header does not compile, so
 * headers of a back end cannot leak.
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
