import { decodeRawPath } from '../http/raw-path.ts'

/**
 * A path below `/v2/`. The strings are decoded and not checked further: the caller answers a malformed repository name with
 * NAME_INVALID, and a malformed digest with DIGEST_INVALID.
 */
export type OciPath =
  | { readonly kind: 'base' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'tags'; readonly repository: string }
  | { readonly kind: 'manifest'; readonly repository: string; readonly reference: string }
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: string }
  | { readonly kind: 'uploads'; readonly repository: string }
  | { readonly kind: 'upload'; readonly repository: string; readonly uploadId: string }
  | { readonly kind: 'referrers'; readonly repository: string; readonly digest: string }

/**
 * The repository, then an upload or the kind and the name of what is in the repository. Some clients write no slash after
 * `uploads`. The name of the repository is as long as possible: it can contain `blobs/uploads`, `manifests` and `tags/list`.
 */
const inRepository = /^\/v2\/(.+)\/(?:blobs\/uploads(\/[^/]*)?|(tags|manifests|blobs|referrers)\/([^/]+))$/s

/** Matches the raw path of a request, percent-encoded and without its query. [OCI distribution-spec, Endpoints] */
export function matchOciPath(rawPath: string): OciPath | undefined {
  const path = decodeRawPath(rawPath)
  if (path === undefined) return undefined
  const [, repository, upload = '', kind, name = ''] = inRepository.exec(path) ?? []
  if (repository === undefined) return matchRoot(path)
  switch (kind) {
    case undefined:
      return upload.length > 1
        ? { kind: 'upload', repository, uploadId: upload.slice(1) }
        : { kind: 'uploads', repository }
    case 'tags':
      return name === 'list' ? { kind: 'tags', repository } : undefined
    case 'manifests':
      return { kind: 'manifest', repository, reference: name }
    case 'blobs':
      return { kind: 'blob', repository, digest: name }
    default:
      return { kind: 'referrers', repository, digest: name }
  }
}

function matchRoot(path: string): OciPath | undefined {
  switch (path) {
    case '/v2':
    case '/v2/':
      return { kind: 'base' }
    case '/v2/_catalog':
      return { kind: 'catalog' }
    default:
      return undefined
  }
}
