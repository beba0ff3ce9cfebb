import { maxManifestSizeBytes } from '@acrux/shared/standards/oci/manifest.ts'
import { ociImageIndexType } from '@acrux/shared/standards/oci/media-type.ts'
import { type OciCall, sendBytes } from '../protocol/call.ts'
import { type AskedPage, linkAfter, requirePage } from '../repositories/list-order.ts'
import { requireReadable } from '../repositories/locks.ts'
import type { ManifestContext } from './context.ts'
import { readAnnotations, readReferrers, type Referrer } from './referrer-store.ts'
import { requireCurrentCredential } from '../repositories/repositories.ts'

const opening = `{"schemaVersion":2,"mediaType":"${ociImageIndexType}","manifests":[`
const closing = ']}'

/** The bytes of `,"annotations":` and of the comma between two descriptors. */
const joinBytes = 20

/**
 * `GET` of the referrers: an index of the manifests whose subject is the digest in the path. The subject does not have to exist. A page is
 * not larger than the maximum size of a manifest, unless the page has a single descriptor. [OCI distribution-spec, Listing Referrers]
 *
 * @throws OciError PAGINATION_NUMBER_INVALID or REGISTRY_DISALLOWED_OPERATION
 */
export async function listReferrers(context: ManifestContext, call: OciCall<'referrers'>): Promise<void> {
  const { path, query, registry, request } = call
  const asked = requirePage(query)
  const artifactType = query.get('artifactType') ?? ''
  const repository = await context.repositories.byName.first({ rid: registry.rid, name: path.repository })
  if (repository !== undefined) {
    requireCurrentCredential(call.caller, repository)
    requireReadable(repository)
  }
  // PostgreSQL rejects a NUL character, and no manifest contains this character.
  const isAbsent = repository === undefined || asked.size === 0 || artifactType.includes('\0')
  const filter = { subject: path.digest, artifactType, after: asked.last, limit: asked.size + 1 }
  const rows = isAbsent ? [] : await readReferrers(context.database, repository.id, filter)
  const page = fitting(rows, asked)
  const annotations = isAbsent ? noAnnotations : await readAnnotations(context.database, repository.id, page)
  const last = page.at(-1)
  const body = opening + page.map((row) => describe(row, annotations.get(row.digest))).join(',') + closing
  sendBytes(call, 200, Buffer.from(body), {
    'content-type': ociImageIndexType,
    ...(artifactType !== '' && { 'oci-filters-applied': 'artifactType' }),
    ...(last !== undefined &&
      page.length < rows.length && { link: linkAfter(request.url ?? '', query, asked, last.digest) }),
  })
}

const noAnnotations: ReadonlyMap<string, string> = new Map()

/** The first referrers that fit into one response. The result has at least one referrer. */
function fitting(rows: readonly Referrer[], { size }: AskedPage): readonly Referrer[] {
  let left = maxManifestSizeBytes - opening.length - closing.length
  let count = 0
  for (const row of rows.slice(0, size)) {
    left -= Buffer.byteLength(describe(row, undefined)) + row.annotation_bytes + joinBytes
    if (left < 0 && count > 0) break
    count += 1
  }
  return rows.slice(0, count)
}

/** Returns a descriptor. The annotations are already JSON text. */
function describe(
  { digest, media_type, size_bytes, artifact_type }: Referrer,
  annotations: string | undefined,
): string {
  const descriptor = JSON.stringify({
    mediaType: media_type,
    digest,
    size: size_bytes,
    ...(artifact_type !== null && { artifactType: artifact_type }),
  })
  return annotations === undefined ? descriptor : `${descriptor.slice(0, -1)},"annotations":${annotations}}`
}
