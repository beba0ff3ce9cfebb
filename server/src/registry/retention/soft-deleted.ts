import type { Transaction } from '../../platform/sql/database.ts'
import { isJsonObject, type JsonValue, ownValue, parseBoundedJson } from '@acrux/shared/standards/http/bounded-json.ts'
import { formatDataPlaneTime } from '@acrux/shared/standards/azure/acr-time.ts'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import { parseTag, type Tag } from '@acrux/shared/standards/oci/reference.ts'
import { type AcrCall, sendJson } from '../protocol/call.ts'
import { manifestUnknown } from '../protocol/checked-path.ts'
import {
  findDeleted,
  removeDeletedTag,
  listDeletedManifestRows,
  listDeletedNames,
  listDeletedTagRows,
} from './soft-deleted-store.ts'
import { restoreManifestRows } from '../deletion/kept-store.ts'
import { requireSwept } from '../deletion/deleted-content-store.ts'
import { OciError } from '../protocol/errors.ts'
import { cutPage, linkAfter, requirePage } from '../repositories/list-order.ts'
import { requireWritable } from '../repositories/locks.ts'
import { findManifest, type ListedManifest, markUntagged } from '../manifests/manifest-store.ts'
import type { RetentionContext } from './context.ts'
import { documentHead, manifestProperties } from '../properties/properties.ts'
import type { Reservation } from '../quotas/quotas.ts'
import type { Actor } from '../protocol/ports.ts'
import { readAuthorizedBody } from '../protocol/read-body.ts'
import { changeEvent, requireCurrentCredential } from '../repositories/repositories.ts'
import { changeRepository } from '../deletion/change-repository.ts'
import { openRepository, recordChange } from '../repositories/repository-store.ts'
import type { DeletedTagRow } from '../rows/rows.ts'
import { recordTagMoves } from '../repositories/tag-change-store.ts'
import { findTags, moveTags } from '../repositories/tag-store.ts'
import { noSpace } from '../quotas/no-space.ts'

/**
 * `GET` of the names of the repositories with soft-deleted content.
 *
 * @throws OciError PAGINATION_NUMBER_INVALID
 */
export async function listDeletedCatalog(context: RetentionContext, call: AcrCall<'deleted-catalog'>): Promise<void> {
  const asked = requirePage(call.query)
  const { rid } = call.registry
  const names = asked.size === 0 ? [] : await listDeletedNames(context.database, rid, asked.last, asked.size + 1)
  const { page, headers } = cutPage(names, asked, (name) => linkAfter(call.request.url ?? '', call.query, asked, name))
  sendJson(call, 200, { repositories: page }, headers)
}

/**
 * `GET` of the soft-deleted tags of a repository, in the order of their deletion. The response does not reveal whether
 * the repository ever existed.
 *
 * @throws OciError PAGINATION_NUMBER_INVALID
 */
export async function listDeletedTags(context: RetentionContext, call: AcrCall<'deleted-tags'>): Promise<void> {
  const asked = requirePage(call.query)
  const from = { rid: call.registry.rid, name: call.path.repository }
  const after = readTagPosition(asked.last)
  const rows = asked.size === 0 ? [] : await listDeletedTagRows(context.database, from, after, asked.size + 1)
  const { page, headers } = cutPage(rows, asked, (row) =>
    linkAfter(call.request.url ?? '', call.query, asked, tagPosition(row)),
  )
  const tags = page.map((row) => ({
    tag: row.name,
    digest: row.manifest_digest,
    createdTime: formatDataPlaneTime(row.created_at_ms),
    lastUpdateTime: formatDataPlaneTime(row.updated_at_ms),
    deletedAt: formatDataPlaneTime(row.deleted_at_ms),
  }))
  sendJson(call, 200, { ...documentHead(call), tags }, headers)
}

/**
 * `GET` of the soft-deleted manifests of a repository.
 *
 * @throws OciError PAGINATION_NUMBER_INVALID
 */
export async function listDeletedManifests(
  context: RetentionContext,
  call: AcrCall<'deleted-manifests'>,
): Promise<void> {
  const asked = requirePage(call.query)
  const from = { rid: call.registry.rid, name: call.path.repository }
  const rows = asked.size === 0 ? [] : await listDeletedManifestRows(context.database, from, asked.last, asked.size + 1)
  const { page, headers } = cutPage(rows, asked, ({ digest }) =>
    linkAfter(call.request.url ?? '', call.query, asked, digest),
  )
  const manifests = page.map((row) => ({
    ...manifestProperties(row, []),
    deletedAt: formatDataPlaneTime(row.deleted_at_ms),
  }))
  sendJson(call, 200, { ...documentHead(call), manifests }, headers)
}

const maxRestoreBodyBytes = 4096

/**
 * `POST` to restore a soft-deleted manifest, with or without a tag. A tag that points to another manifest is moved only
 * with `force`, and locks apply as for a push.
 *
 * @throws OciError MANIFEST_UNKNOWN, TAG_INVALID, BAD_REQUEST, CONFLICT or REGISTRY_DISALLOWED_OPERATION
 */
export async function restoreManifest(context: RetentionContext, call: AcrCall<'deleted-manifest'>): Promise<void> {
  const tag = await readTagToRestore(call)
  const force = call.query.get('force')?.toLowerCase() === 'true'
  const row = await restoreByDigest(context, call, { tag, force })
  sendJson(call, 200, { ...documentHead(call), manifest: manifestProperties(row, tag === undefined ? [] : [tag]) })
}

/** The tag that a restored manifest gets, and whether the tag is moved if it points to another manifest. */
type RestoredTag = { readonly tag: Tag | undefined; readonly force: boolean }

/**
 * Restores a soft-deleted manifest.
 *
 * @throws OciError MANIFEST_UNKNOWN, CONFLICT or REGISTRY_DISALLOWED_OPERATION
 */
export async function restoreByDigest(
  context: RetentionContext,
  call: AcrCall<'deleted-manifest'>,
  restored: RestoredTag,
): Promise<ListedManifest> {
  if (!context.space.hasRoomFor(0)) throw noSpace()
  const by = await call.caller.identify()
  const nowMs = context.clock.now()
  return context.quotas.reserving((reservation) =>
    changeRepository(context, call, (transaction) =>
      restore(context, call, { ...restored, nowMs, by, reservation }, transaction),
    ),
  )
}

type Restoration = RestoredTag & {
  readonly nowMs: number
  readonly by: Actor | undefined
  readonly reservation: Reservation
}

async function restore(
  context: RetentionContext,
  call: AcrCall<'deleted-manifest'>,
  { tag, force, nowMs, by, reservation }: Restoration,
  transaction: Transaction,
) {
  const { digest, repository: name } = call.path
  const repository = await openRepository(transaction, call.registry.rid, name, nowMs)
  requireCurrentCredential(call.caller, repository)
  await requireSwept(transaction, repository.id)
  const kept = await findDeleted(transaction, call.registry.rid, name)
  if (kept !== undefined) await requireSwept(transaction, kept.id)
  const live = await findManifest(transaction, repository.id, digest)
  const manifest = live ?? (kept && (await findManifest(transaction, kept.id, digest)))
  if (manifest === undefined) throw manifestUnknown(digest)
  requireWritable(repository, manifest)
  if (kept !== undefined && live === undefined) {
    const place = { rid: call.registry.rid, repository: name, repositoryId: repository.id }
    const links = { from: kept.id, to: repository.id, digest, nowMs }
    await reservation.measure(transaction, place, () => restoreManifestRows(transaction, links))
  }
  const change = { manifests: live === undefined ? 1 : 0, tags: 0, nowMs, push: { by } }
  await recordChange(transaction, repository.id, change)
  if (tag !== undefined) {
    const tags = await restoreTag(transaction, repository.id, { tag, digest, force, nowMs, by })
    if (tags > 0) await recordChange(transaction, repository.id, { manifests: 0, tags, nowMs })
    if (kept !== undefined) await removeDeletedTag(transaction, kept.id, tag, digest)
  }
  const detail = { tag: tag ?? null, force }
  await context.audit.record(transaction, changeEvent(call, 'manifest.restore', `@${digest}`, detail))
  return manifest
}

type TagRestoration = Omit<Restoration, 'tag' | 'reservation'> & { readonly tag: Tag; readonly digest: Digest }

/** Points a tag to the restored manifest. Returns how many tags were created. */
async function restoreTag(
  transaction: Transaction,
  repositoryId: string,
  { tag, digest, force, nowMs, by }: TagRestoration,
): Promise<number> {
  const [present] = await findTags(transaction, repositoryId, [tag])
  if (present?.manifest_digest === digest) return 0
  if (present !== undefined) {
    if (!force) throw tagInUse(tag)
    requireWritable(present)
    await markUntagged(transaction, repositoryId, [present.manifest_digest], nowMs)
  }
  await moveTags(transaction, repositoryId, { tags: [tag], digest, nowMs, by })
  const held = present === undefined ? [] : [present]
  await recordTagMoves(transaction, repositoryId, { tags: [tag], digest, held, cause: 'restore', nowMs, by })
  return present === undefined ? 1 : 0
}

function tagInUse(tag: Tag): OciError {
  const message = `the tag ${tag} points to another manifest; use force to move it to this manifest`
  return new OciError('CONFLICT', { message, detail: { Tag: tag } })
}

/** The tag that the body names, if any. */
async function readTagToRestore({ request }: AcrCall<'deleted-manifest'>): Promise<Tag | undefined> {
  const bytes = await readAuthorizedBody(request, maxRestoreBodyBytes)
  if (bytes.byteLength === 0) return undefined
  const body = parseBoundedJson(bytes, 4)
  if (!isJsonObject(body)) throw new OciError('BAD_REQUEST', { message: 'the body is not a JSON object' })
  const text = ownValue(body, 'tag') ?? null
  if (text === null) return undefined
  return requireTag(text)
}

/** @throws OciError TAG_INVALID */
export function requireTag(text: JsonValue): Tag {
  const tag = typeof text === 'string' ? parseTag(text) : undefined
  if (tag === undefined) throw new OciError('TAG_INVALID', { message: 'this is not a tag', detail: { Tag: text } })
  return tag
}

/** A position in the list of deleted tags, from `last`. An invalid one is the beginning. */
function readTagPosition(last: string) {
  const [, time = '-1', name = '', digest = ''] = /^(\d{1,15}):([^@]*)@(.*)$/.exec(last) ?? []
  return { deleted_at_ms: Number(time), name, manifest_digest: digest }
}

function tagPosition({ deleted_at_ms, name, manifest_digest }: DeletedTagRow): string {
  return `${deleted_at_ms}:${name}@${manifest_digest}`
}
