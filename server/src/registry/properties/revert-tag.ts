import { ownValue } from '@acrux/shared/standards/http/bounded-json.ts'
import { type Digest, parseDigest } from '@acrux/shared/standards/oci/digest.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { changeRepository } from '../deletion/change-repository.ts'
import { requireSwept } from '../deletion/deleted-content-store.ts'
import { existingManifests } from '../manifests/existing-manifests-store.ts'
import { findManifest, markUntagged } from '../manifests/manifest-store.ts'
import { type AcrCall, sendJson } from '../protocol/call.ts'
import { manifestUnknown } from '../protocol/checked-path.ts'
import { OciError } from '../protocol/errors.ts'
import type { Actor } from '../protocol/ports.ts'
import { noSpace } from '../quotas/no-space.ts'
import { requireWritable } from '../repositories/locks.ts'
import { changeEvent, requirePublished } from '../repositories/repositories.ts'
import { findRepository, recordChange } from '../repositories/repository-store.ts'
import { recordTagMoves } from '../repositories/tag-change-store.ts'
import { findTags, moveTags } from '../repositories/tag-store.ts'
import type { RepositoryRow, TagRow } from '../rows/rows.ts'
import type { PropertiesContext } from './context.ts'
import { documentHead, readPatch, repositoryNotFound, tagProperties } from './properties.ts'

/**
 * `POST` that points a tag to a manifest that the repository still contains, or creates a deleted tag again. The same locks apply as for a
 * push. ACR does not have this route.
 *
 * @throws OciError NAME_UNKNOWN, MANIFEST_UNKNOWN, DIGEST_INVALID, BAD_REQUEST or REGISTRY_DISALLOWED_OPERATION
 */
export async function revertTag(context: PropertiesContext, call: AcrCall<'tag-revert'>): Promise<void> {
  const digest = await readDigest(call)
  // The tag and the audit event need space for rows.
  if (!context.space.hasRoomFor(0)) throw noSpace()
  const by = await call.caller.identify()
  const reversion = { digest, by, nowMs: context.clock.now() }
  const { repository, tag } = await changeRepository(context, call, (transaction) =>
    revert(context, call, reversion, transaction),
  )
  const pulls = await context.lastPulls.read(repository, [tag.name])
  sendJson(call, 200, { ...documentHead(call), tag: tagProperties(call, tag, pulls.get(tag.name)) })
}

type Reversion = { readonly digest: Digest; readonly by: Actor | undefined; readonly nowMs: number }

async function revert(
  context: PropertiesContext,
  call: AcrCall<'tag-revert'>,
  { digest, by, nowMs }: Reversion,
  transaction: Transaction,
): Promise<{ readonly repository: RepositoryRow; readonly tag: TagRow }> {
  const { tag } = call.path
  const row = await findRepository(transaction, call.registry.rid, call.path.repository)
  const repository = requirePublished(row, call, repositoryNotFound)
  await requireSwept(transaction, repository.id)
  const manifest = await findManifest(transaction, repository.id, digest)
  const found = await existingManifests(transaction, repository.id, [digest])
  if (manifest === undefined || !found.has(digest)) throw manifestUnknown(digest)
  const held = await findTags(transaction, repository.id, [tag])
  requireWritable(repository, manifest, ...held)
  const [present] = held
  if (present?.manifest_digest === digest) return { repository, tag: present }
  if (present !== undefined) await markUntagged(transaction, repository.id, [present.manifest_digest], nowMs)
  await moveTags(transaction, repository.id, { tags: [tag], digest, nowMs, by })
  const added = present === undefined ? 1 : 0
  await recordChange(transaction, repository.id, { manifests: 0, tags: added, nowMs, push: { by } })
  await recordTagMoves(transaction, repository.id, { tags: [tag], digest, held, cause: 'revert', nowMs, by })
  const detail = { digest, previous: present?.manifest_digest ?? null }
  await context.audit.record(transaction, changeEvent(call, 'tag.revert', `:${tag}`, detail))
  const [moved] = await findTags(transaction, repository.id, [tag])
  if (moved === undefined) throw new Error('the moved tag is missing')
  return { repository, tag: moved }
}

async function readDigest(call: AcrCall<'tag-revert'>): Promise<Digest> {
  const text = ownValue(await readPatch(call), 'digest')
  if (typeof text !== 'string') throw new OciError('BAD_REQUEST', { message: 'the body must have a digest' })
  const digest = parseDigest(text)
  if (digest !== undefined) return digest
  throw new OciError('DIGEST_INVALID', { message: 'this is not a sha256 or sha512 digest', detail: { digest: text } })
}
