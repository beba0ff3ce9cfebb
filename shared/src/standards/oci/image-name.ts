import { type Reference, parseReference } from './reference.ts'
import { type RepositoryName, parseRepositoryName } from './repository-name.ts'

/** An image within a registry. Without a tag or digest, `reference` is undefined. */
export type ImageName = { readonly repository: RepositoryName; readonly reference: Reference | undefined }

/** Parses `repository`, `repository:tag` or `repository@digest`. */
export function parseImageName(text: string): ImageName | undefined {
  const [, name = '', separator, version = ''] = /^([^:@]*)(?:([:@])(.*))?$/.exec(text) ?? []
  const repository = parseRepositoryName(name)
  if (repository === undefined) return undefined
  if (separator === undefined) return { repository, reference: undefined }
  const reference = parseReference(version)
  const isWhole = reference !== undefined && (reference.kind === 'digest') === (separator === '@')
  return isWhole ? { repository, reference } : undefined
}
