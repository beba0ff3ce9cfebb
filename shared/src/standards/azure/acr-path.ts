import { splitRawPath } from '../http/raw-path.ts'

/**
 * A path below `/acr/v1/`. The strings are decoded and not checked further, like those of `OciPath`. The kinds with
 * `deleted` are for soft-deleted content. `bulk`, `repositories`,
 * `tag-history`, `tag-revert`, `images` and `reports` are not ACR's.
 */
export type AcrPath =
  | { readonly kind: 'catalog' }
  | { readonly kind: 'repositories' }
  | { readonly kind: 'bulk' }
  | { readonly kind: 'repository'; readonly repository: string }
  | { readonly kind: 'tags'; readonly repository: string }
  | { readonly kind: 'tag'; readonly repository: string; readonly tag: string }
  | { readonly kind: 'tag-history'; readonly repository: string; readonly tag: string }
  | { readonly kind: 'tag-revert'; readonly repository: string; readonly tag: string }
  | { readonly kind: 'images'; readonly repository: string }
  | { readonly kind: 'manifests'; readonly repository: string }
  | { readonly kind: 'manifest'; readonly repository: string; readonly digest: string }
  | { readonly kind: 'reports'; readonly repository: string; readonly digest: string }
  | { readonly kind: 'deleted-catalog' }
  | { readonly kind: 'deleted-tags'; readonly repository: string }
  | { readonly kind: 'deleted-manifests'; readonly repository: string }
  | { readonly kind: 'deleted-manifest'; readonly repository: string; readonly digest: string }

/**
 * Matches the raw path of a request, percent-encoded and without its query. [ACR REST data plane]
 *
 * A segment that begins with an underscore is never part of a repository's name, so the paths are unambiguous.
 */
export function matchAcrPath(rawPath: string): AcrPath | undefined {
  const segments = splitRawPath(rawPath)
  if (segments === undefined || segments[0] !== 'acr' || segments[1] !== 'v1') return undefined
  const rest = segments.slice(2)
  return rest[0] === '_deleted' ? matchDeleted(rest.slice(1)) : matchLive(rest)
}

function matchLive(segments: readonly string[]): AcrPath | undefined {
  const { repository, below } = splitRepository(segments)
  if (repository === '') return segments.length === 1 ? matchWhole(segments[0]) : undefined
  const [collection, member, view] = below
  if (collection === undefined) return { kind: 'repository', repository }
  if (below.length > 3 || member === '') return undefined
  if (member === undefined) return matchCollection(repository, collection)
  if (collection === '_tags')
    return view === undefined ? { kind: 'tag', repository, tag: member } : matchBelowTag(repository, member, view)
  return collection === '_manifests' ? matchManifest(repository, member, view) : undefined
}

function matchManifest(repository: string, digest: string, view: string | undefined): AcrPath | undefined {
  if (view === undefined) return { kind: 'manifest', repository, digest }
  return view === '_reports' ? { kind: 'reports', repository, digest } : undefined
}

/** What concerns the whole registry. */
function matchWhole(collection: string | undefined): AcrPath | undefined {
  switch (collection) {
    case '_bulk':
      return { kind: 'bulk' }
    case '_catalog':
      return { kind: 'catalog' }
    case '_repositories':
      return { kind: 'repositories' }
    default:
      return undefined
  }
}

function matchCollection(repository: string, collection: string): AcrPath | undefined {
  switch (collection) {
    case '_tags':
      return { kind: 'tags', repository }
    case '_images':
      return { kind: 'images', repository }
    case '_manifests':
      return { kind: 'manifests', repository }
    default:
      return undefined
  }
}

function matchBelowTag(repository: string, tag: string, view: string): AcrPath | undefined {
  switch (view) {
    case '_history':
      return { kind: 'tag-history', repository, tag }
    case '_revert':
      return { kind: 'tag-revert', repository, tag }
    default:
      return undefined
  }
}

function matchDeleted(segments: readonly string[]): AcrPath | undefined {
  if (segments.length === 1 && segments[0] === '_catalog') return { kind: 'deleted-catalog' }
  const path = matchLive(segments)
  switch (path?.kind) {
    case 'tags':
      return { kind: 'deleted-tags', repository: path.repository }
    case 'manifests':
      return { kind: 'deleted-manifests', repository: path.repository }
    case 'manifest':
      return { kind: 'deleted-manifest', repository: path.repository, digest: path.digest }
    default:
      return undefined
  }
}

function splitRepository(segments: readonly string[]): { repository: string; below: readonly string[] } {
  const reserved = segments.findIndex((segment) => segment.startsWith('_'))
  const end = reserved === -1 ? segments.length : reserved
  return { repository: segments.slice(0, end).join('/'), below: segments.slice(end) }
}
