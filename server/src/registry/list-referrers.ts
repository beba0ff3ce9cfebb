import { sql } from 'kysely'
import { maxManifestSizeBytes } from '../spec/manifest.ts'
import { ociImageIndexType } from '../spec/media-type.ts'
import { type OciCall, sendBytes } from './call.ts'
import { chunked } from './chunked.ts'
import { type AskedPage, requirePage } from './list-order.ts'
import { requireReadable } from './locks.ts'
import type { Parts } from './parts.ts'
import { requireCurrentCredential } from './repositories.ts'
import type { RegistryTables } from './tables.ts'

type Referrer = {
  readonly digest: string
  readonly media_type: string
  readonly size_bytes: number
  readonly artifact_type: string | null
  readonly annotation_bytes: number
}

const opening = `{"schemaVersion":2,"mediaType":"${ociImageIndexType}","manifests":[`
const closing = ']}'

/** Room for `,"annotations":` and the comma between two descriptors. */
const joinBytes = 20

/**
 * `GET` of the manifests that have a digest for their subject, whether or not the subject is here, as an index. A page is
 * never larger than a manifest may be, unless one descriptor alone is. [OCI distribution-spec, Listing Referrers]
 *
 * @throws OciError PAGINATION_NUMBER_INVALID or REGISTRY_DISALLOWED_OPERATION
 */
export async function listReferrers(parts: Parts, call: OciCall<'referrers'>): Promise<void> {
  const { path, query, registry } = call
  const asked = requirePage(query)
  const artifactType = query.get('artifactType') ?? ''
  const repository = await parts.repositories.byName.first({ rid: registry.rid, name: path.repository })
  if (repository !== undefined) {
    requireCurrentCredential(call.caller, repository)
    requireReadable(repository)
  }
  // What no manifest can hold matches none, and PostgreSQL takes no NUL.
  const isAbsent = repository === undefined || asked.size === 0 || artifactType.includes('\0')
  const rows = isAbsent ? [] : await readReferrers(parts, repository.id, path.digest, artifactType, asked)
  const page = fitting(rows, asked)
  const annotations = isAbsent ? noAnnotations : await readAnnotations(parts, repository.id, page)
  const last = page.at(-1)
  const body = opening + page.map((row) => describe(row, annotations.get(row.digest))).join(',') + closing
  sendBytes(call, 200, Buffer.from(body), {
    'content-type': ociImageIndexType,
    ...(artifactType !== '' && { 'oci-filters-applied': 'artifactType' }),
    ...(last !== undefined && page.length < rows.length && { link: linkAfterReferrer(call, last.digest) }),
  })
}

const noAnnotations: ReadonlyMap<string, string> = new Map()

async function readReferrers(
  parts: Parts,
  repositoryId: string,
  subject: string,
  artifactType: string,
  { size, last }: AskedPage,
): Promise<Referrer[]> {
  return parts.database
    .tables<RegistryTables>()
    .selectFrom('manifest')
    .select(['digest', 'media_type', 'size_bytes', 'artifact_type'])
    .select(sql<number>`coalesce(octet_length(annotations), 0)`.as('annotation_bytes'))
    .where('repository_id', '=', repositoryId)
    .where('subject_digest', '=', subject)
    .where('digest', '>', last)
    .where('list_enabled', '=', 1)
    .where('read_enabled', '=', 1)
    .$if(artifactType !== '', (query) => query.where('artifact_type', '=', artifactType))
    .orderBy('digest')
    .limit(size + 1)
    .execute()
}

/** As many from the start as fit into one answer, and one at least. */
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

async function readAnnotations(
  parts: Parts,
  repositoryId: string,
  page: readonly Referrer[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  const annotated = page.filter((row) => row.annotation_bytes > 0).map(({ digest }) => digest)
  for (const chunk of chunked(annotated)) {
    const rows = await parts.database
      .tables<RegistryTables>()
      .selectFrom('manifest')
      .select(['digest', 'annotations'])
      .where('repository_id', '=', repositoryId)
      .where('digest', 'in', chunk)
      .execute()
    for (const { digest, annotations } of rows) if (annotations !== null) found.set(digest, annotations)
  }
  return found
}

/** A descriptor; annotations are JSON text already. */
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

function linkAfterReferrer({ path, query }: OciCall<'referrers'>, last: string): string {
  const next = new URLSearchParams()
  for (const name of ['artifactType', 'n']) {
    const value = query.get(name)
    if (value !== null && value !== '') next.set(name, value)
  }
  next.set('last', last)
  return `</v2/${path.repository}/referrers/${path.digest}?${next.toString()}>; rel="next"`
}
