import { type Digest, digestAlgorithm } from '@acrux/shared/standards/oci/digest.ts'
import type { Manifest } from '@acrux/shared/standards/oci/manifest.ts'
import { ociImageIndexType, ociImageManifestType } from '@acrux/shared/standards/oci/media-type.ts'
import type { CheckedAcrPath, CheckedOciPath } from './checked-path.ts'
import { OciError } from './errors.ts'

/**
 * Rejects requests that the OCI specification requires and ACR rejects, in a registry that is compatible with ACR.
 *
 * @throws OciError UNSUPPORTED or DIGEST_INVALID
 */
export function requireAcrRequest(method: string, path: CheckedOciPath | CheckedAcrPath, query: URLSearchParams): void {
  if (path.kind === 'manifest' && 'reference' in path) {
    if (path.reference.kind === 'digest') requireSha256(path.reference.digest)
    else if (method === 'DELETE') throw deletedByDigestOnly()
  }
  if ('digest' in path) requireSha256(path.digest)
  for (const name of ['digest', 'mount', 'digest-algorithm']) {
    if (query.getAll(name).some((text) => text.startsWith('sha512'))) throw onlySha256(query.get(name) ?? '')
  }
}

/**
 * Rejects a manifest that names content by sha512.
 *
 * @throws OciError DIGEST_INVALID
 */
export function requireAcrManifest(
  { config, subject, layers, manifests }: Omit<Manifest, 'annotations'>,
  digest: Digest,
): void {
  requireSha256(digest)
  for (const named of [config, subject, ...layers, ...manifests]) if (named !== undefined) requireSha256(named.digest)
}

/** How the error of a manifest names its media type. Docker's types are served whatever `Accept` names. */
const acceptedTypes: Readonly<Record<string, { readonly one: string; readonly many: string }>> = {
  [ociImageManifestType]: { one: 'OCI manifest', many: 'OCI manifests' },
  [ociImageIndexType]: { one: 'OCI index', many: 'OCI indexes' },
}

/**
 * Rejects a client whose `Accept` does not name the type of the manifest. At ACR, a wildcard names no type.
 *
 * @throws OciError MANIFEST_UNKNOWN
 */
export function requireAccepted(accept: string | undefined, mediaType: string): void {
  const type = acceptedTypes[mediaType]
  if (type === undefined) return
  const named = (accept ?? '').split(',').map((range) => (range.split(';', 1)[0] ?? '').trim().toLowerCase())
  if (named.includes(mediaType)) return
  const message = `${type.one} found, but accept header does not support ${type.many}`
  throw new OciError('MANIFEST_UNKNOWN', { message })
}

function requireSha256(digest: string): void {
  if (digestAlgorithm(digest as Digest) !== 'sha256') throw onlySha256(digest)
}

function onlySha256(digest: string): OciError {
  return new OciError('DIGEST_INVALID', { message: 'this registry accepts only sha256 digests', detail: { digest } })
}

/** [acr-protocol §1.12] */
function deletedByDigestOnly(): OciError {
  return new OciError('UNSUPPORTED', { message: 'A manifest can only be deleted by digest.' })
}
