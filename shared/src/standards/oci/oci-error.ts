/** A row of {@link ociErrors}: the default status and message of a code. */
export type OciErrorRow = { readonly status: number; readonly message: string }

// prettier-ignore
/** Every error code of the OCI and `/acr/v1` surfaces. [OCI distribution-spec, Error Codes; ACR REST data plane] */
export const ociErrors = {
  BAD_REQUEST:                   { status: 400, message: 'the request is malformed' },
  BLOB_UNKNOWN:                  { status: 404, message: 'blob unknown to registry' },
  BLOB_UPLOAD_INVALID:           { status: 400, message: 'blob upload invalid' },
  BLOB_UPLOAD_UNKNOWN:           { status: 404, message: 'blob upload unknown to registry' },
  CONFLICT:                      { status: 409, message: 'the operation conflicts with existing content' },
  DENIED:                        { status: 403, message: 'requested access to the resource is denied' },
  DIGEST_INVALID:                { status: 400, message: 'provided digest did not match uploaded content' },
  MANIFEST_BLOB_UNKNOWN:         { status: 400, message: 'manifest references a manifest or blob unknown to registry' },
  MANIFEST_INVALID:              { status: 400, message: 'manifest invalid' },
  MANIFEST_UNKNOWN:              { status: 404, message: 'manifest unknown' },
  MANIFEST_UNVERIFIED:           { status: 400, message: 'manifest failed signature verification' },
  NAME_INVALID:                  { status: 404, message: 'invalid repository name' },
  NAME_UNKNOWN:                  { status: 404, message: 'repository name not known to registry' },
  NOT_FOUND:                     { status: 404, message: 'there is no endpoint at this path' },
  PAGINATION_NUMBER_INVALID:     { status: 400, message: 'invalid number of results requested' },
  RANGE_INVALID:                 { status: 416, message: 'invalid content range' },
  REGISTRY_DISALLOWED_OPERATION: { status: 405, message: 'the operation is disallowed on this registry, repository or image' },
  SIZE_INVALID:                  { status: 400, message: 'provided length did not match content length' },
  TAG_INVALID:                   { status: 400, message: 'manifest tag did not match URI' },
  TAG_UNKNOWN:                   { status: 404, message: 'the specified tag does not exist' },
  TOOMANYREQUESTS:               { status: 429, message: 'too many requests' },
  UNAUTHORIZED:                  { status: 401, message: 'authentication required, visit https://aka.ms/acr/authorization for more information.' },
  UNAVAILABLE:                   { status: 503, message: 'service unavailable' },
  UNKNOWN:                       { status: 500, message: 'unknown error' },
  UNSUPPORTED:                   { status: 405, message: 'the operation is unsupported' },
} as const satisfies Readonly<Record<string, OciErrorRow>>

/** An error code of the OCI or `/acr/v1` surface. */
export type OciErrorCode = keyof typeof ociErrors
