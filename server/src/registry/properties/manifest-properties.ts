import { type AcrCall, sendJson } from '../protocol/call.ts'
import { manifestUnknown } from '../protocol/checked-path.ts'
import {
  cutPage,
  findStart,
  linkAfter,
  type PagePositions,
  requireOrder,
  requirePage,
} from '../repositories/list-order.ts'
import { requireLockChange } from '../repositories/locks.ts'
import {
  findManifest,
  type ListedManifest,
  listManifests,
  lockManifest,
  readManifest,
  readManifestTime,
} from '../manifests/manifest-store.ts'
import { readPushers } from '../manifests/pusher-store.ts'
import type { PropertiesContext } from './context.ts'
import { isExpanded, readExpansions } from './expand.ts'
import {
  documentHead,
  manifestProperties,
  nullIfEmpty,
  readPatch,
  repositoryNotFound,
  visibleActor,
} from './properties.ts'
import { changeEvent, requirePublished, requireRepository } from '../repositories/repositories.ts'
import { changeRepository } from '../deletion/change-repository.ts'
import type { LockColumns, RepositoryRow } from '../rows/rows.ts'
import { findRepository } from '../repositories/repository-store.ts'
import { readTagNames } from '../repositories/tag-store.ts'

/**
 * `GET` of the manifests of a repository with their properties and tags, by digest or by time. With `expand=manifest`, each manifest
 * contains its platforms. ACR does not have this parameter.
 *
 * @throws OciError NAME_UNKNOWN, BAD_REQUEST or PAGINATION_NUMBER_INVALID
 */
export async function listManifestProperties(
  context: PropertiesContext,
  positions: PagePositions,
  call: AcrCall<'manifests'>,
): Promise<void> {
  const asked = requirePage(call.query)
  const order = requireOrder(call.query)
  const repository = await requireRepository(context, call, repositoryNotFound)
  const start = await findStart(asked, order, {
    repositoryId: repository.id,
    positions,
    findTime: (digest) => readManifestTime(context.database, repository.id, digest),
  })
  const wanted = { order, after: start?.after, limit: asked.size + 1 }
  const isPastEnd = start === undefined || asked.size === 0
  const rows = isPastEnd ? [] : await listManifests(context.database, repository.id, wanted)
  const { page, headers } = cutPage(rows, asked, (row) => {
    if (order !== 'name') positions.set(repository.id, { name: row.digest, atMs: row.updated_at_ms })
    return linkAfter(call.request.url ?? '', call.query, asked, row.digest)
  })
  const digests = page.map(({ digest }) => digest)
  const tags = await readTagNames(context.database, repository.id, digests)
  const pulls = await context.lastPulls.read(repository, digests)
  const pushers = await readPushers(context.database, repository.id, digests)
  const expansionOf = isExpanded(call) ? await readExpansions(context, repository.id, page) : undefined
  const manifests = page.map((row) => {
    const pushedBy = visibleActor(call, pushers.get(row.digest))
    const { size, platforms } = expansionOf?.(row) ?? {}
    return {
      ...manifestProperties(row, tags.get(row.digest) ?? [], { pulledAtMs: pulls.get(row.digest), pushedBy }),
      ...(platforms !== undefined && { size, platforms }),
    }
  })
  sendJson(call, 200, { ...documentHead(call), manifests: nullIfEmpty(manifests) }, headers)
}

/**
 * `GET` of a manifest's properties. The properties of an index contain the children of the index. With `expand=manifest`, the manifest
 * contains its platforms.
 *
 * @throws OciError NAME_UNKNOWN or MANIFEST_UNKNOWN
 */
export async function getManifestProperties(context: PropertiesContext, call: AcrCall<'manifest'>): Promise<void> {
  const { digest } = call.path
  const repository = await requireRepository(context, call, repositoryNotFound)
  const row = await readManifest(context.database, repository.id, digest)
  if (row === undefined) throw manifestUnknown(digest)
  await sendManifestProperties(context, call, repository, row)
}

/**
 * `PATCH` of a manifest's locks. The change of locks does not count as an update of the manifest.
 *
 * @throws OciError NAME_UNKNOWN, MANIFEST_UNKNOWN or BAD_REQUEST
 */
export async function patchManifestProperties(context: PropertiesContext, call: AcrCall<'manifest'>): Promise<void> {
  const { repository, row } = await setManifestLocks(context, call, requireLockChange(await readPatch(call)))
  const content = await readManifest(context.database, row.repository_id, row.digest)
  await sendManifestProperties(context, call, repository, { ...row, content: content?.content })
}

/**
 * Changes the locks of a manifest.
 *
 * @throws OciError NAME_UNKNOWN or MANIFEST_UNKNOWN
 */
export function setManifestLocks(
  context: PropertiesContext,
  call: AcrCall<'manifest'>,
  change: Partial<LockColumns>,
): Promise<{ readonly repository: RepositoryRow; readonly row: ListedManifest }> {
  const { digest } = call.path
  return changeRepository(context, call, async (transaction) => {
    const found = await findRepository(transaction, call.registry.rid, call.path.repository)
    const repository = requirePublished(found, call, repositoryNotFound)
    const manifest = await findManifest(transaction, repository.id, digest)
    if (manifest === undefined) throw manifestUnknown(digest)
    if (Object.keys(change).length === 0) return { repository, row: manifest }
    await lockManifest(transaction, repository.id, digest, change)
    await context.audit.record(transaction, changeEvent(call, 'manifest.update', `@${digest}`, change))
    return { repository, row: { ...manifest, ...change } }
  })
}

async function sendManifestProperties(
  context: PropertiesContext,
  call: AcrCall<'manifest'>,
  repository: RepositoryRow,
  { content, ...row }: ListedManifest & { readonly content: Uint8Array | undefined },
): Promise<void> {
  const tags = await readTagNames(context.database, row.repository_id, [row.digest])
  const pulls = await context.lastPulls.read(repository, [row.digest])
  const pushers = await readPushers(context.database, row.repository_id, [row.digest])
  const references = content === undefined ? [] : context.indexChildren.of(row.digest, row.media_type, content)
  const expansion = isExpanded(call) ? (await readExpansions(context, row.repository_id, [row]))(row) : undefined
  const manifest = {
    ...manifestProperties(row, tags.get(row.digest) ?? [], {
      pulledAtMs: pulls.get(row.digest),
      pushedBy: visibleActor(call, pushers.get(row.digest)),
    }),
    ...(references.length > 0 && { references }),
    ...(expansion !== undefined && { size: expansion.size, platforms: expansion.platforms }),
  }
  sendJson(call, 200, { ...documentHead(call), manifest })
}
