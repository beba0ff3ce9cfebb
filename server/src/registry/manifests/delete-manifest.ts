import type { Digest } from '../../spec/digest.ts'
import type { Tag } from '../../spec/reference.ts'
import { type OciCall, sendEmpty } from '../call.ts'
import { manifestUnknown } from '../checked-path.ts'
import { keepManifests, keepTag } from '../policies/deleted-store.ts'
import { OciError } from '../errors.ts'
import { requireDeletable } from '../properties/locks.ts'
import { deleteManifestRows, findManifest, markFreed, markUntagged } from './manifest-store.ts'
import type { Parts } from '../parts.ts'
import { changeEvent, changeRepository, type RepositoryCall, requirePublished } from '../repositories/repositories.ts'
import { keepsDeleted } from '../ports.ts'
import { findRepository, recordChange } from '../repositories/repository-store.ts'
import { deleteTagRow, findTags, findTagsOf } from '../repositories/tag-store.ts'

/**
 * `DELETE` of a manifest. By digest its tags go with it, and what it names stays; by tag that tag goes alone. ACR refuses
 * the latter, the specification asks for it. [OCI distribution-spec, Deleting Manifests, Deleting tags]
 *
 * @throws OciError MANIFEST_UNKNOWN, NAME_UNKNOWN or REGISTRY_DISALLOWED_OPERATION
 */
export async function deleteManifest(parts: Parts, call: OciCall<'manifest'>): Promise<void> {
  const { reference } = call.path
  if (reference.kind === 'digest') await deleteByDigest(parts, call, reference.digest)
  else if ((await deleteTag(parts, call, reference.tag)) === undefined) throw manifestUnknown(reference.tag)
  sendEmpty(call, 202)
}

/**
 * Deletes a tag and returns the digest it pointed to; undefined where there is no such tag.
 *
 * @throws OciError NAME_UNKNOWN or REGISTRY_DISALLOWED_OPERATION
 */
export async function deleteTag(parts: Parts, call: RepositoryCall, tag: Tag): Promise<Digest | undefined> {
  const nowMs = parts.clock.now()
  return changeRepository(parts, call, async (transaction) => {
    const row = await findRepository(transaction, call.registry.rid, call.path.repository)
    const repository = requirePublished(row, call)
    const [found] = await findTags(transaction, repository.id, [tag])
    if (found === undefined) return undefined
    requireDeletable(repository, found)
    if (keepsDeleted(call.registry)) await keepTag(transaction, { from: repository, nowMs }, found)
    await deleteTagRow(transaction, repository.id, tag)
    await markUntagged(transaction, repository.id, [found.manifest_digest], nowMs)
    await recordChange(transaction, repository.id, { manifests: 0, tags: -1, nowMs })
    const detail = { digest: found.manifest_digest }
    await parts.audit.record(transaction, changeEvent(call, 'tag.delete', `:${tag}`, detail))
    return found.manifest_digest as Digest
  })
}

async function deleteByDigest(parts: Parts, call: RepositoryCall, digest: Digest): Promise<void> {
  const nowMs = parts.clock.now()
  await changeRepository(parts, call, async (transaction) => {
    const row = await findRepository(transaction, call.registry.rid, call.path.repository)
    const repository = requirePublished(row, call)
    const manifest = await findManifest(transaction, repository.id, digest)
    if (manifest === undefined) throw manifestUnknown(digest)
    const tags = await findTagsOf(transaction, repository.id, digest)
    requireDeletable(repository, manifest, ...tags)
    await markFreed(transaction, repository.id, digest, nowMs)
    if (keepsDeleted(call.registry)) await keepManifests(transaction, { from: repository, nowMs }, digest)
    else await deleteManifestRows(transaction, repository.id, digest)
    await recordChange(transaction, repository.id, { manifests: -1, tags: -tags.length, nowMs })
    const detail = { tags: tags.slice(0, auditedTagLimit).map(({ name }) => name), tagCount: tags.length }
    await parts.audit.record(transaction, changeEvent(call, 'manifest.delete', `@${digest}`, detail))
  })
}

/** How many of the tags that went an event names. */
const auditedTagLimit = 100

/** The refusal of a tag that is not there, in ACR's words. */
export function tagUnknown(tag: Tag): OciError {
  return new OciError('TAG_UNKNOWN', { detail: { Tag: tag } })
}
