import { splitRawPath } from '../http/raw-path.ts'

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
 * Matches the raw path of a request, percent-encoded and without its query. [OCI distribution-spec, Endpoints]
 *
 * It is matched from its end, so the repository's name is as long as possible: a name can contain `blobs`, `uploads`,
 * `manifests` and `tags/list`.
 */
export function matchOciPath(rawPath: string): OciPath | undefined {
  const segments = splitRawPath(rawPath)
  if (segments === undefined || segments[0] !== 'v2') return undefined
  if (segments.length === 1) return { kind: 'base' }
  if (segments.length === 2) return matchRoot(segments[1])
  return matchUploads(segments) ?? matchNamed(segments)
}

function matchRoot(segment: string | undefined): OciPath | undefined {
  switch (segment) {
    case '':
      return { kind: 'base' }
    case '_catalog':
      return { kind: 'catalog' }
    default:
      return undefined
  }
}

/** `…/blobs/uploads/`, which some clients write without the last slash, and `…/blobs/uploads/ID`. */
function matchUploads(segments: readonly string[]): OciPath | undefined {
  if (segments.at(-2) === 'blobs' && segments.at(-1) === 'uploads') {
    return named(segments, 2, (repository) => ({ kind: 'uploads', repository }))
  }
  if (segments.at(-3) !== 'blobs' || segments.at(-2) !== 'uploads') return undefined
  const uploadId = segments.at(-1) ?? ''
  return named(segments, 3, (repository) =>
    uploadId === '' ? { kind: 'uploads', repository } : { kind: 'upload', repository, uploadId },
  )
}

function matchNamed(segments: readonly string[]): OciPath | undefined {
  const last = segments.at(-1) ?? ''
  if (last === '') return undefined
  switch (segments.at(-2)) {
    case 'tags':
      return last === 'list' ? named(segments, 2, (repository) => ({ kind: 'tags', repository })) : undefined
    case 'manifests':
      return named(segments, 2, (repository) => ({ kind: 'manifest', repository, reference: last }))
    case 'blobs':
      return named(segments, 2, (repository) => ({ kind: 'blob', repository, digest: last }))
    case 'referrers':
      return named(segments, 2, (repository) => ({ kind: 'referrers', repository, digest: last }))
    default:
      return undefined
  }
}

/** The path of the repository between `v2` and the last `count` segments; undefined without a name. */
function named(segments: readonly string[], count: number, path: (repository: string) => OciPath): OciPath | undefined {
  const repository = segments.slice(1, -count).join('/')
  return repository === '' ? undefined : path(repository)
}
