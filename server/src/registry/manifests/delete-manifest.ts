import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import type { Tag } from '@acrux/shared/standards/oci/reference.ts'
import { type OciCall, sendEmpty } from '../protocol/call.ts'
import { manifestUnknown } from '../protocol/checked-path.ts'
import { removeManifest } from '../deletion/deleted-content-store.ts'
import { keepTag, openKept } from '../deletion/kept-store.ts'
import { OciError } from '../protocol/errors.ts'
import { disallowed, requireContentDeletable, requireDeletable } from '../repositories/locks.ts'
import { replaceTagReports } from '../attached/attached-report-store.ts'
import { subjectOfTag } from '../attached/find-report.ts'
import { markFreed } from './freed-store.ts'
import { findManifest, markUntagged } from './manifest-store.ts'
import type { ChangeContext } from '../deletion/context.ts'
import type { ManifestContext } from './context.ts'
import { changeEvent, type RepositoryCall, requirePublished, requireRepository } from '../repositories/repositories.ts'
import { changeRepository } from '../deletion/change-repository.ts'
import { keepsDeleted } from '../protocol/ports.ts'
import { findRepository, recordChange } from '../repositories/repository-store.ts'
import { recordTagDeletions } from '../repositories/tag-change-store.ts'
import { deleteTagRow, findTags, summarizeTags } from '../repositories/tag-store.ts'

/**
 * `DELETE` of a manifest. A deletion by digest deletes the manifest with its tags, but not the content that the manifest names. A deletion
 * by tag deletes only the tag. ACR rejects a deletion by tag, but the specification requires it. [OCI distribution-spec, Deleting
 * Manifests, Deleting tags]
 *
 * @throws OciError MANIFEST_UNKNOWN, NAME_UNKNOWN or REGISTRY_DISALLOWED_OPERATION
 */
export async function deleteManifest(context: ManifestContext, call: OciCall<'manifest'>): Promise<void> {
  const { reference } = call.path
  if (reference.kind === 'digest') await deleteByDigest(context, call, reference.digest)
  else if ((await deleteTag(context, call, reference.tag)) === undefined) throw manifestUnknown(reference.tag)
  sendEmpty(call, 202)
}

/**
 * Deletes a tag and returns its digest. Returns undefined if the tag does not exist.
 *
 * @throws OciError NAME_UNKNOWN or REGISTRY_DISALLOWED_OPERATION
 */
export async function deleteTag(
  context: ChangeContext & Pick<ManifestContext, 'clock' | 'audit'>,
  call: RepositoryCall,
  tag: Tag,
): Promise<Digest | undefined> {
  const by = await call.caller.identify()
  const nowMs = context.clock.now()
  return changeRepository(context, call, async (transaction) => {
    const row = await findRepository(transaction, call.registry.rid, call.path.repository)
    const repository = requirePublished(row, call)
    const [found] = await findTags(transaction, repository.id, [tag])
    if (found === undefined) return undefined
    requireContentDeletable(call.registry, repository)
    requireDeletable('tag', found)
    await recordChange(transaction, repository.id, { manifests: 0, tags: -1, nowMs })
    await recordTagDeletions(transaction, repository.id, [tag], { cause: 'delete', nowMs, by })
    if (keepsDeleted(call.registry)) await keepTag(transaction, repository, found, nowMs)
    await deleteTagRow(transaction, repository.id, tag)
    await markUntagged(transaction, repository.id, [found.manifest_digest], nowMs)
    const subject = subjectOfTag(tag)
    if (subject !== undefined) await replaceTagReports(transaction, repository.id, subject)
    const detail = { digest: found.manifest_digest }
    await context.audit.record(transaction, changeEvent(call, 'tag.delete', `:${tag}`, detail))
    return found.manifest_digest as Digest
  })
}

/**
 * Deletes a manifest with its tags.
 *
 * @throws OciError MANIFEST_UNKNOWN, NAME_UNKNOWN or REGISTRY_DISALLOWED_OPERATION
 */
export async function deleteByDigest(context: ManifestContext, call: RepositoryCall, digest: Digest): Promise<void> {
  const by = await call.caller.identify()
  const nowMs = context.clock.now()
  const present = await requireRepository(context, call)
  await markFreed(context.database, present.id, digest, nowMs)
  const changed = await changeRepository(context, call, async (transaction) => {
    const row = await findRepository(transaction, call.registry.rid, call.path.repository)
    const repository = requirePublished(row, call)
    const manifest = await findManifest(transaction, repository.id, digest)
    if (manifest === undefined) throw manifestUnknown(digest)
    const tags = await summarizeTags(transaction, repository.id, digest, maxAuditedTags)
    requireContentDeletable(call.registry, repository)
    requireDeletable('manifest', manifest)
    if (tags.isLocked) throw disallowed('a tag of the manifest is locked')
    await recordChange(transaction, repository.id, { manifests: -1, tags: -tags.count, nowMs })
    const kept = keepsDeleted(call.registry) ? await openKept(transaction, repository, nowMs) : undefined
    const change = { cause: 'delete', nowMs, by } as const
    await removeManifest(transaction, repository.id, digest, { keptIn: kept?.id, change })
    const detail = { tags: tags.names, tagCount: tags.count }
    await context.audit.record(transaction, changeEvent(call, 'manifest.delete', `@${digest}`, detail))
    return repository.id
  })
  await context.sweeper.sweepFirst(changed)
}

/** The maximum number of deleted tags that an audit event names. */
const maxAuditedTags = 100

/** The error for a tag that does not exist, with the message of ACR. */
export function tagUnknown(tag: Tag): OciError {
  return new OciError('TAG_UNKNOWN', { detail: { Tag: tag } })
}
