import { failure } from '../../framework/command/failure.ts'

/** An image in a registry: a repository with a tag, or with a digest. */
export type Image = { readonly repository: string; readonly tag?: string; readonly digest?: string }

/**
 * Parses `name:tag` or `name@digest`; without both, the tag is `latest` unless `defaultsToLatest` is false.
 * [azure-cli acr parse_image_name]
 *
 * @throws CommandFailure with az's message
 */
export function parseImage(text: string, { allowsDigest = true, defaultsToLatest = true } = {}): Image {
  const [repository = '', version, ...more] = text.split(text.includes('@') ? '@' : ':')
  const hasDigest = text.includes('@')
  if (more.length === 0 && version === undefined)
    return defaultsToLatest ? { repository, tag: 'latest' } : { repository }
  if (more.length === 0 && version !== undefined && (!hasDigest || allowsDigest))
    return hasDigest ? { repository, digest: version } : { repository, tag: version }
  const digestForm = allowsDigest ? " or digest in the format 'name@digest'" : ''
  throw failure(`The name of the image may include a tag in the format 'name:tag'${digestForm}.`)
}

/** The path of a repository, of a tag or of a manifest in the data plane. */
export function pathOf(repository: string, kind?: '_tags' | '_manifests', name?: string): string {
  return ['/acr/v1', repository, kind, name].filter((part) => part !== undefined).join('/')
}

/** The path of a tag or a manifest, and the member of the response that contains the document. */
export function attributesOf({ repository, tag, digest }: Image): { readonly path: string; readonly member: string } {
  return tag === undefined
    ? { path: pathOf(repository, '_manifests', digest), member: 'manifest' }
    : { path: pathOf(repository, '_tags', tag), member: 'tag' }
}
