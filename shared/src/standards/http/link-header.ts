import { splitRawPath } from './raw-path.ts'

/** The position of the next page. */
export type NextPage = {
  /** The last name of this page. */
  readonly last: string
  /** The page size in effect. */
  readonly n: number
  readonly orderby?: string | undefined
  /** The filter of `/acr/v1/R/_tags`, repeated for the next page. */
  readonly digest?: string | undefined
  /** The filter of `/v2/R/referrers/D`, repeated for the next page. */
  readonly artifactType?: string | undefined
  /** What the entries of `/acr/v1/R/_tags` and `/acr/v1/R/_manifests` contain in addition. Not ACR's. */
  readonly expand?: string | undefined
  /** The other parameters of the list, repeated for the next page. */
  readonly filters?: Readonly<Record<string, string>>
}

/**
 * The `Link` header to the next page of a list, for the raw path of the request.
 *
 * The order is `last`, `n`, and `orderby=` even if it is empty, and below `/acr/v1/` the slashes of a repository's name
 * are `%2F`: clients parse the header by position. [ACR REST data plane;
 * azure-powershell ContainerRegistryDataPlaneClient.cs]
 *
 * @throws {TypeError} for a path that no route matches.
 */
export function nextLink(rawPath: string, page: NextPage): string {
  const { last, n, orderby, digest, artifactType, expand, filters = {} } = page
  const query = [`last=${encode(last)}`, `n=${n}`, `orderby=${encode(orderby ?? '')}`]
  if (digest !== undefined) query.push(`digest=${encode(digest)}`)
  if (expand !== undefined) query.push(`expand=${encode(expand)}`)
  if (artifactType !== undefined) query.push(`artifactType=${encode(artifactType)}`)
  for (const [name, value] of Object.entries(filters)) query.push(`${name}=${encode(value)}`)
  return `<${canonicalPath(rawPath)}?${query.join('&')}>; rel="next"`
}

function canonicalPath(rawPath: string): string {
  const segments = splitRawPath(rawPath)
  if (segments === undefined) throw new TypeError('the text is not the path of a request')
  if (segments[0] !== 'acr') return `/${segments.map(encode).join('/')}`
  return `/${segments.slice(0, 2).map(encode).join('/')}${encodeAcrSegments(segments.slice(2))}`
}

/** A slash beside a segment with an underscore stays a slash; the others are within a name. */
function encodeAcrSegments(segments: readonly string[]): string {
  let path = ''
  for (const [index, segment] of segments.entries()) {
    const previous = segments[index - 1]
    const isWithinName = previous !== undefined && !previous.startsWith('_') && !segment.startsWith('_')
    path += `${isWithinName ? '%2F' : '/'}${encode(segment)}`
  }
  return path
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}
