import type { Transaction } from '../../platform/sql/database.ts'
import { type AcrCall, sendJson } from '../call.ts'
import { keepManifests } from '../policies/deleted-store.ts'
import { requireDeletable, requireLockChange } from './locks.ts'
import type { Parts } from '../parts.ts'
import { keepsDeleted } from '../ports.ts'
import { readPatch, repositoryNotFound, repositoryProperties } from './properties.ts'
import { changeEvent, changeRepository, requirePublished, requireRepository } from '../repositories/repositories.ts'
import { deleteRepository, findRepository, listContent, lockRepository } from '../repositories/repository-store.ts'

/**
 * `GET` of a repository's properties.
 *
 * @throws OciError NAME_UNKNOWN
 */
export async function getRepositoryProperties(parts: Parts, call: AcrCall<'repository'>): Promise<void> {
  sendJson(call, 200, repositoryProperties(call, await requireRepository(parts, call, repositoryNotFound)))
}

/**
 * `PATCH` of a repository's locks. It does not count as an update of the repository.
 *
 * @throws OciError NAME_UNKNOWN or BAD_REQUEST
 */
export async function patchRepositoryProperties(parts: Parts, call: AcrCall<'repository'>): Promise<void> {
  const change = requireLockChange(await readPatch(call))
  const row = await changeRepository(parts, call, async (transaction) => {
    const repository = await requireForChange(transaction, call)
    if (Object.keys(change).length === 0) return repository
    await lockRepository(transaction, repository.id, change)
    await parts.audit.record(transaction, changeEvent(call, 'repository.update', '', change))
    return { ...repository, ...change }
  })
  sendJson(call, 200, repositoryProperties(call, row))
}

/**
 * `DELETE` of a repository and all that it holds, unless any of it is locked; where the registry says so, for a while it can be restored. The answer names what went.
 *
 * @throws OciError NAME_UNKNOWN or REGISTRY_DISALLOWED_OPERATION
 */
export async function deleteWholeRepository(parts: Parts, call: AcrCall<'repository'>): Promise<void> {
  const nowMs = parts.clock.now()
  const deleted = await changeRepository(parts, call, async (transaction) => {
    const row = await findRepository(transaction, call.registry.rid, call.path.repository)
    const repository = requirePublished(row, call)
    const { manifests, tags } = await listContent(transaction, repository.id)
    requireDeletable(repository, ...manifests, ...tags)
    if (keepsDeleted(call.registry)) await keepManifests(transaction, { from: repository, nowMs })
    await deleteRepository(transaction, repository, nowMs)
    const detail = { manifestCount: manifests.length, tagCount: tags.length }
    await parts.audit.record(transaction, changeEvent(call, 'repository.delete', '', detail))
    return {
      manifestsDeleted: manifests.map(({ digest }) => digest),
      tagsDeleted: tags.map(({ name }) => name),
    }
  })
  sendJson(call, 202, deleted)
}

async function requireForChange(transaction: Transaction, call: AcrCall<'repository'>) {
  const row = await findRepository(transaction, call.registry.rid, call.path.repository)
  return requirePublished(row, call, repositoryNotFound)
}
