import { formatDataPlaneTime } from '@acrux/shared/standards/azure/acr-time.ts'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import type { DocumentOf } from '../../platform/http/api-schema.ts'
import { type AttachedKind, attachedKind, cosignTags } from '../attached/attached-kind.ts'
import { readReports } from '../attached/attached-report-store.ts'
import { type ListedManifest, readListedManifests, readManifest } from '../manifests/manifest-store.ts'
import { readPushers } from '../manifests/pusher-store.ts'
import { readReferrers } from '../manifests/referrer-store.ts'
import { type AcrCall, sendJson } from '../protocol/call.ts'
import { manifestUnknown } from '../protocol/checked-path.ts'
import type { reportListSchema } from '../protocol/documents.ts'
import type { Actor } from '../protocol/ports.ts'
import { linkAfter, requirePage } from '../repositories/list-order.ts'
import { requireRepository } from '../repositories/repositories.ts'
import { readTag } from '../repositories/tag-store.ts'
import type { AttachedReportRow } from '../rows/rows.ts'
import type { PropertiesContext } from './context.ts'
import { documentHead, repositoryNotFound, visibleActor } from './properties.ts'
import { vulnerabilitySummary } from './vulnerability-summary.ts'

/** The maximum number of attached artifacts of an image that are sorted, and of a page. */
const maxSorted = 1000
const maxPage = 100

type ReportDocument = DocumentOf<typeof reportListSchema>['reports'][number]

/**
 * `GET` of the reports, bills of materials, signatures and statements that are attached to a manifest, newest first. This is not
 * ACR's.
 *
 * @throws OciError NAME_UNKNOWN, MANIFEST_UNKNOWN or PAGINATION_NUMBER_INVALID
 */
export async function listReports(context: PropertiesContext, call: AcrCall<'reports'>): Promise<void> {
  const { digest } = call.path
  const { database } = context
  const { size: askedSize, last } = requirePage(call.query)
  const size = Math.min(askedSize, maxPage)
  const { id } = await requireRepository(context, call, repositoryNotFound)
  if ((await readManifest(database, id, digest)) === undefined) throw manifestUnknown(digest)
  const artifacts = await findArtifacts(context, id, digest)
  const start = last === '' ? 0 : artifacts.findIndex(({ row }) => row.digest === last) + 1
  const page = artifacts.slice(start, start + size)
  const pushers = await readPushers(
    database,
    id,
    page.map(({ row }) => row.digest),
  )
  const reports = page.map((artifact) => describe(call, artifact, pushers.get(artifact.row.digest)))
  const end = page.at(-1)
  const link =
    end !== undefined && start + size < artifacts.length
      ? { link: linkAfter(call.request.url ?? '', call.query, { size, last }, end.row.digest) }
      : {}
  sendJson(call, 200, { ...documentHead(call), digest, reports }, link)
}

/** An attached artifact, and what the server has read of it. */
type Artifact = {
  readonly row: ListedManifest
  readonly kind: ReportDocument['kind']
  readonly report: AttachedReportRow | undefined
}

const kindNames: Readonly<Record<AttachedKind, ReportDocument['kind']>> = {
  signatures: 'signature',
  sboms: 'sbom',
  provenance: 'provenance',
  reports: 'vulnerabilities',
}

/** The artifacts of known kinds, newest first. */
async function findArtifacts({ database }: PropertiesContext, repositoryId: string, digest: Digest) {
  const filter = { subject: digest, artifactType: '', after: '', limit: maxSorted }
  const referrers = await readReferrers(database, repositoryId, filter)
  const kinds = new Map<string, AttachedKind | undefined>(
    referrers.map((row) => [row.digest, attachedKind(row.artifact_type ?? '')]),
  )
  for (const { name, kind } of cosignTags(digest)) {
    const tag = await readTag(database, repositoryId, name)
    if (tag !== undefined) kinds.set(tag.manifest_digest, kind)
  }
  const digests = [...kinds.keys()]
  const rows = await readListedManifests(database, repositoryId, digests)
  const reports = await readReports(database, repositoryId, digests)
  const artifacts = [...rows.values()].flatMap((row): Artifact[] => {
    const byType = kinds.get(row.digest)
    const report = reports.get(row.digest)
    const kind = report?.kind ?? (byType && kindNames[byType])
    return kind === undefined ? [] : [{ row, kind, report }]
  })
  return artifacts.sort(
    (one, other) => other.row.created_at_ms - one.row.created_at_ms || (one.row.digest < other.row.digest ? -1 : 1),
  )
}

function describe(
  call: AcrCall<'reports'>,
  { row, kind, report }: Artifact,
  pusher: Actor | undefined,
): ReportDocument {
  const pushedBy = visibleActor(call, pusher)
  const summary = report && vulnerabilitySummary(call, report)
  const packages = report?.packages ?? undefined
  return {
    digest: row.digest,
    kind,
    artifactType: row.artifact_type ?? row.config_media_type ?? '',
    size: row.image_size_bytes,
    createdTime: formatDataPlaneTime(row.created_at_ms),
    ...(pushedBy !== undefined && { pushedBy }),
    ...(report !== undefined && report.state !== 'replaced' && { state: report.state }),
    ...(report?.reason && { reason: report.reason }),
    ...(summary !== undefined && { counts: report?.counts === 1 }),
    ...(packages !== undefined && { packages }),
    ...(summary !== undefined && { summary }),
  }
}
