import { type Digest, digestAlgorithm, type DigestAlgorithm, parseDigest } from '@acrux/shared/standards/oci/digest.ts'
import type { RepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import type { UploadContext } from './context.ts'
import type { OciCall } from '../protocol/call.ts'
import { type RegistryHeaders, OciError } from '../protocol/errors.ts'
import type { UploadOwner } from '../quotas/staged-bytes.ts'
import { requireCurrentCredential } from '../repositories/repositories.ts'
import type { OpenUpload } from './upload-store.ts'

/**
 * The upload of a call. An upload of another caller or repository, an expired one and a finished one get the same
 * response.
 *
 * @throws OciError BLOB_UPLOAD_UNKNOWN
 * @throws OutdatedCredentialError
 */
export async function requireUpload(
  context: UploadContext,
  { path, registry, caller }: OciCall<'upload'>,
): Promise<OpenUpload> {
  const upload = await context.uploadReads.ofCaller.first({
    id: path.uploadId,
    rid: registry.rid,
    repository: path.repository,
    caller: caller.key,
    now: context.clock.now(),
  })
  if (upload === undefined) throw uploadUnknown()
  requireCurrentCredential(caller, upload)
  return upload
}

/** The owner of an upload, by the call that writes to it. */
export function ownerOf(
  { registry, caller }: Pick<OciCall<'upload'>, 'registry' | 'caller'>,
  { repository_id }: Pick<OpenUpload, 'repository_id'>,
): UploadOwner {
  return { rid: registry.rid, repositoryId: repository_id, callerKey: caller.key }
}

/** The error for an upload that does not exist or belongs to another caller. */
export function uploadUnknown(): OciError {
  return new OciError('BLOB_UPLOAD_UNKNOWN')
}

/**
 * The headers of an upload: its URL, relative and with a query as in ACR, to which clients add `digest`, and its size.
 * The query is not trusted; all URLs of an upload are valid as long as it exists.
 */
export function uploadHeaders(repository: RepositoryName, uploadId: string, sizeBytes: number): RegistryHeaders {
  const state = Buffer.from(uploadId).toString('base64url')
  return {
    location: `/v2/${repository}/blobs/uploads/${uploadId}?_nouploadcache=false&_state=${state}`,
    range: `0-${Math.max(0, sizeBytes - 1)}`,
    'docker-upload-uuid': uploadId,
  }
}

/** The headers of a stored blob. */
export function blobHeaders(repository: RepositoryName, digest: Digest): RegistryHeaders {
  return { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest }
}

/**
 * The `digest` parameter.
 *
 * @throws OciError DIGEST_INVALID unless there is exactly one, and it is valid
 */
export function requireDigestParameter(query: URLSearchParams): Digest {
  const texts = query.getAll('digest')
  const digest = texts.length === 1 ? parseDigest(texts[0] ?? '') : undefined
  if (digest === undefined) {
    throw new OciError('DIGEST_INVALID', {
      message: 'the parameter digest must be given once, as a sha256 or sha512 digest',
      detail: { digest: texts[0] ?? null },
    })
  }
  return digest
}

/**
 * The hash algorithm for bytes whose digest is not known yet: the one that the client announces, or sha256. If the
 * client sends a digest of another algorithm at the end, the staged bytes are read again.
 */
export function hintedAlgorithm(query: URLSearchParams): DigestAlgorithm {
  const digest = parseDigest(query.get('digest') ?? '')
  if (digest !== undefined) return digestAlgorithm(digest)
  return query.get('digest-algorithm') === 'sha512' ? 'sha512' : 'sha256'
}
