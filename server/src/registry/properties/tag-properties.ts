import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import type { DocumentOf } from '../../platform/http/api-schema.ts'
import { type AcrCall, sendEmpty, sendJson } from '../protocol/call.ts'
import type { tagManifestSchema } from '../protocol/documents.ts'
import { deleteTag, tagUnknown } from '../manifests/delete-manifest.ts'
import { readListedManifests } from '../manifests/manifest-store.ts'
import {
  cutPage,
  findStart,
  linkAfter,
  type PagePositions,
  requireOrder,
  requirePage,
} from '../repositories/list-order.ts'
import { requireLockChange } from '../repositories/locks.ts'
import type { PropertiesContext } from './context.ts'
import { isExpanded, readExpansions } from './expand.ts'
import { documentHead, nullIfEmpty, readPatch, repositoryNotFound, tagProperties } from './properties.ts'
import { changeEvent, requirePublished, requireRepository } from '../repositories/repositories.ts'
import { changeRepository } from '../deletion/change-repository.ts'
import { findRepository } from '../repositories/repository-store.ts'
import { findTags, listTags, lockTag, readTag } from '../repositories/tag-store.ts'
import type { LockColumns, RepositoryRow, TagRow } from '../rows/rows.ts'

/**
 * `GET` of the tags of a repository with their properties, by name or by time. With `digest`, the list has only the tags of one manifest.
 * With `expand=manifest`, each tag contains its manifest. ACR does not have `expand`.
 *
 * @throws OciError NAME_UNKNOWN, BAD_REQUEST or PAGINATION_NUMBER_INVALID
 */
export async function listTagProperties(
  context: PropertiesContext,
  positions: PagePositions,
  call: AcrCall<'tags'>,
): Promise<void> {
  const asked = requirePage(call.query)
  const order = requireOrder(call.query)
  const repository = await requireRepository(context, call, repositoryNotFound)
  const digest = call.query.get('digest')?.split('\0', 1)[0]
  const start = await findStart(asked, order, {
    repositoryId: repository.id,
    positions,
    findTime: async (name) => (await readTag(context.database, repository.id, name))?.updated_at_ms,
  })
  const wanted = { order, after: start?.after, limit: asked.size + 1 }
  const isPastEnd = start === undefined || asked.size === 0
  const rows = isPastEnd
    ? []
    : await listTags(context.database, repository.id, wanted, digest === '' ? undefined : digest)
  const { page, headers } = cutPage(rows, asked, (row) => {
    if (order !== 'name') positions.set(repository.id, { name: row.name, atMs: row.updated_at_ms })
    return linkAfter(call.request.url ?? '', call.query, asked, row.name)
  })
  const pulls = await context.lastPulls.read(
    repository,
    page.map(({ name }) => name),
  )
  const digests = new Set(page.map((row) => row.manifest_digest))
  const manifests = isExpanded(call)
    ? await readTagManifests(context, repository.id, [...digests])
    : new Map<string, TagManifest>()
  const tags = page.map((row) => {
    const manifest = manifests.get(row.manifest_digest)
    return { ...tagProperties(call, row, pulls.get(row.name)), ...(manifest !== undefined && { manifest }) }
  })
  sendJson(call, 200, { ...documentHead(call), tags: nullIfEmpty(tags) }, headers)
}

type TagManifest = DocumentOf<typeof tagManifestSchema>

/** Returns the manifests of the listed tags, by digest. */
async function readTagManifests(
  context: PropertiesContext,
  repositoryId: string,
  digests: readonly string[],
): Promise<ReadonlyMap<string, TagManifest>> {
  const rows = await readListedManifests(context.database, repositoryId, digests)
  const expansionOf = await readExpansions(context, repositoryId, [...rows.values()])
  return new Map(
    [...rows].map(([digest, row]) => {
      const { size, platforms } = expansionOf(row)
      return [digest, { mediaType: row.media_type, imageSize: row.image_size_bytes, size, platforms }]
    }),
  )
}

/**
 * `GET` of a tag's properties.
 *
 * @throws OciError NAME_UNKNOWN or TAG_UNKNOWN
 */
export async function getTagProperties(context: PropertiesContext, call: AcrCall<'tag'>): Promise<void> {
  const repository = await requireRepository(context, call, repositoryNotFound)
  const tag = await readTag(context.database, repository.id, call.path.tag)
  if (tag === undefined) throw tagUnknown(call.path.tag)
  const pulls = await context.lastPulls.read(repository, [tag.name])
  sendJson(call, 200, { ...documentHead(call), tag: tagProperties(call, tag, pulls.get(tag.name)) })
}

/**
 * `PATCH` of a tag's locks. The change of locks does not count as an update of the tag.
 *
 * @throws OciError NAME_UNKNOWN, TAG_UNKNOWN or BAD_REQUEST
 */
export async function patchTagProperties(context: PropertiesContext, call: AcrCall<'tag'>): Promise<void> {
  const { repository, row } = await setTagLocks(context, call, requireLockChange(await readPatch(call)))
  const pulls = await context.lastPulls.read(repository, [row.name])
  sendJson(call, 200, { ...documentHead(call), tag: tagProperties(call, row, pulls.get(row.name)) })
}

/**
 * Changes the locks of a tag.
 *
 * @throws OciError NAME_UNKNOWN or TAG_UNKNOWN
 */
export function setTagLocks(
  context: PropertiesContext,
  call: AcrCall<'tag'>,
  change: Partial<LockColumns>,
): Promise<{ readonly repository: RepositoryRow; readonly row: TagRow }> {
  return changeRepository(context, call, async (transaction) => {
    const found = await findRepository(transaction, call.registry.rid, call.path.repository)
    const repository = requirePublished(found, call, repositoryNotFound)
    const [tag] = await findTags(transaction, repository.id, [call.path.tag])
    if (tag === undefined) throw tagUnknown(call.path.tag)
    if (Object.keys(change).length === 0) return { repository, row: tag }
    await lockTag(transaction, repository.id, call.path.tag, change)
    await context.audit.record(transaction, changeEvent(call, 'tag.update', `:${call.path.tag}`, change))
    return { repository, row: { ...tag, ...change } }
  })
}

/**
 * `DELETE` of a tag. The manifest of the tag is not deleted. A header of the response names this manifest.
 *
 * @throws OciError NAME_UNKNOWN, TAG_UNKNOWN or REGISTRY_DISALLOWED_OPERATION
 */
export async function untag(context: PropertiesContext, call: AcrCall<'tag'>): Promise<void> {
  sendEmpty(call, 202, { 'x-ms-int-docker-content-digest': await deleteKnownTag(context, call) })
}

/**
 * Deletes a tag and returns the digest of its manifest.
 *
 * @throws OciError NAME_UNKNOWN, TAG_UNKNOWN or REGISTRY_DISALLOWED_OPERATION
 */
export async function deleteKnownTag(context: PropertiesContext, call: AcrCall<'tag'>): Promise<Digest> {
  const digest = await deleteTag(context, call, call.path.tag)
  if (digest === undefined) throw tagUnknown(call.path.tag)
  return digest
}
