import type { AcrPath } from '@acrux/shared/standards/azure/acr-path.ts'
import { type Digest, parseDigest } from '@acrux/shared/standards/oci/digest.ts'
import type { OciPath } from '@acrux/shared/standards/oci/oci-path.ts'
import { parseReference, parseTag, type Reference, type Tag } from '@acrux/shared/standards/oci/reference.ts'
import { parseRepositoryName, type RepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import { OciError } from './errors.ts'

/** A path with parsed names. Upload ids are not checked. */
export type Checked<Path> = {
  readonly [Key in keyof Path]: Key extends 'repository'
    ? RepositoryName
    : Key extends 'reference'
      ? Reference
      : Key extends 'digest'
        ? Digest
        : Key extends 'tag'
          ? Tag
          : Path[Key]
}

/** A checked path below `/v2/` of one kind. */
export type CheckedOciPath<Kind extends OciPath['kind'] = OciPath['kind']> = Checked<Extract<OciPath, { kind: Kind }>>

/** A checked path below `/acr/v1/` of one kind. */
export type CheckedAcrPath<Kind extends AcrPath['kind'] = AcrPath['kind']> = Checked<Extract<AcrPath, { kind: Kind }>>

/**
 * Parses the names in a path. For an invalid reference or tag, the error says that it does not exist, unless the
 * request would create it.
 *
 * @throws OciError NAME_INVALID, DIGEST_INVALID, TAG_INVALID, MANIFEST_UNKNOWN or TAG_UNKNOWN
 */
export function requireOciPath(path: OciPath, method: string): CheckedOciPath {
  switch (path.kind) {
    case 'base':
    case 'catalog':
      return path
    case 'tags':
    case 'uploads':
    case 'upload':
      return { ...path, repository: requireName(path.repository) }
    case 'manifest': {
      const repository = requireName(path.repository)
      return { kind: 'manifest', repository, reference: requireReference(path.reference, method) }
    }
    case 'blob':
    case 'referrers':
      return { ...path, repository: requireName(path.repository), digest: requireDigest(path.digest) }
  }
}

/** The same as {@link requireOciPath}, for `/acr/v1/`. */
export function requireAcrPath(path: AcrPath): CheckedAcrPath {
  if (!('repository' in path)) return path
  const repository = requireName(path.repository)
  if ('tag' in path) {
    const tag = parseTag(path.tag)
    if (tag === undefined) throw new OciError('TAG_UNKNOWN', { detail: { Tag: path.tag } })
    return { ...path, repository, tag }
  }
  if ('digest' in path) {
    const digest = parseDigest(path.digest)
    if (digest === undefined) throw manifestUnknown(path.digest)
    return { ...path, repository, digest }
  }
  return { ...path, repository }
}

/** The error for a manifest that does not exist, in ACR's words for a tag and for a digest. */
export function manifestUnknown(reference: string): OciError {
  return reference.includes(':')
    ? new OciError('MANIFEST_UNKNOWN', { message: `manifest ${reference} is not found` })
    : new OciError('MANIFEST_UNKNOWN', {
        message: `manifest tagged by "${reference}" is not found`,
        detail: { Tag: reference },
      })
}

function requireName(text: string): RepositoryName {
  const name = parseRepositoryName(text)
  if (name === undefined) throw nameInvalid(text)
  return name
}

/** The error for a name that no repository can have. */
export function nameInvalid(text: string): OciError {
  return new OciError('NAME_INVALID', { detail: { name: text } })
}

function requireDigest(text: string): Digest {
  const digest = parseDigest(text)
  if (digest === undefined) {
    throw new OciError('DIGEST_INVALID', { message: 'this is not a sha256 or sha512 digest', detail: { digest: text } })
  }
  return digest
}

function requireReference(text: string, method: string): Reference {
  const reference = parseReference(text)
  if (reference !== undefined) return reference
  if (method !== 'PUT') throw manifestUnknown(text)
  if (text.includes(':')) requireDigest(text)
  throw new OciError('TAG_INVALID', { message: 'this is neither a tag nor a digest', detail: { Tag: text } })
}
