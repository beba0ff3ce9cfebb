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

/** The path of the repositories. */
const root = '/v2/'

/**
 * Matches the raw path of a request, percent-encoded and without its query. [OCI distribution-spec, Endpoints]
 *
 * The name of a repository is as long as possible: it can contain `blobs/uploads`, `manifests` and `tags/list`. So the path is
 * read from its end.
 */
export function matchOciPath(rawPath: string): OciPath | undefined {
  const path = decodeRawPath(rawPath)
  if (path === undefined) return undefined
  const nameAt = path.lastIndexOf('/') + 1
  const kindAt = path.lastIndexOf('/', nameAt - 2) + 1
  if (kindAt <= root.length + 1 || !path.startsWith(root)) return matchRoot(path)
  const repository = path.slice(root.length, kindAt - 1)
  return matchInRepository(repository, path.slice(kindAt, nameAt - 1), path.slice(nameAt))
}

/** Some clients write no slash after `uploads`. */
function matchInRepository(repository: string, kind: string, name: string): OciPath | undefined {
  if (kind === 'blobs' && name === 'uploads') return { kind: 'uploads', repository }
  if (kind === 'uploads' && repository.endsWith('/blobs')) {
    const uploadedTo = repository.slice(0, -'/blobs'.length)
    if (uploadedTo === '') return undefined
    return name === ''
      ? { kind: 'uploads', repository: uploadedTo }
      : { kind: 'upload', repository: uploadedTo, uploadId: name }
  }
  if (name === '') return undefined
  switch (kind) {
    case 'tags':
      return name === 'list' ? { kind: 'tags', repository } : undefined
    case 'manifests':
      return { kind: 'manifest', repository, reference: name }
    case 'blobs':
      return { kind: 'blob', repository, digest: name }
    case 'referrers':
      return { kind: 'referrers', repository, digest: name }
    default:
      return undefined
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
