import type { Transaction } from '../../platform/sql/database.ts'
import { type JsonObject, ownValue } from '@acrux/shared/standards/http/bounded-json.ts'
import { isPlainLine } from '@acrux/shared/standards/http/plain-text.ts'
import { type AcrCall, sendJson } from '../protocol/call.ts'
import { disallowed, requireDeletable, requireLockChange } from '../repositories/locks.ts'
import type { PropertiesContext } from './context.ts'
import { OciError } from '../protocol/errors.ts'
import type { RepositoryRow } from '../rows/rows.ts'
import { keepsDeleted } from '../protocol/ports.ts'
import { readPatch, repositoryNotFound, repositoryProperties } from './properties.ts'
import { changeEvent, requirePublished, requireRepository } from '../repositories/repositories.ts'
import { changeRepository } from '../deletion/change-repository.ts'
import {
  deleteRepository,
  findRepository,
  holdsLocked,
  readContent,
  updateRepository,
} from '../repositories/repository-store.ts'

/**
 * `GET` of a repository's properties.
 *
 * @throws OciError NAME_UNKNOWN
 */
export async function getRepositoryProperties(context: PropertiesContext, call: AcrCall<'repository'>): Promise<void> {
  sendJson(call, 200, repositoryProperties(call, await requireRepository(context, call, repositoryNotFound)))
}

/**
 * `PATCH` of a repository's locks and description. The change does not count as an update of the repository.
 *
 * @throws OciError NAME_UNKNOWN or BAD_REQUEST
 */
export async function patchRepositoryProperties(
  context: PropertiesContext,
  call: AcrCall<'repository'>,
): Promise<void> {
  const body = await readPatch(call)
  const change = { ...requireLockChange(body), ...requireDescription(body) }
  const row = await changeRepository(context, call, async (transaction) => {
    const repository = await requireForChange(transaction, call)
    if (Object.keys(change).length === 0) return repository
    await updateRepository(transaction, repository.id, change)
    await context.audit.record(transaction, changeEvent(call, 'repository.update', '', change))
    return { ...repository, ...change }
  })
  sendJson(call, 200, repositoryProperties(call, row))
}

/**
 * `DELETE` of a repository and its content, unless any of it is locked. With soft delete, the repository can be restored during the
 * retention period. The repository is hidden before the response, and the response names the deleted content. The rows are deleted in
 * batches.
 *
 * @throws OciError NAME_UNKNOWN or REGISTRY_DISALLOWED_OPERATION
 */
export async function deleteWholeRepository(
  context: PropertiesContext,
  call: AcrCall<'repository'>,
  discardUploadsOf: (repositoryId: string) => Promise<void>,
): Promise<void> {
  const nowMs = context.clock.now()
  const isRestorable = keepsDeleted(call.registry)
  let id = ''
  try {
    await changeRepository(context, call, async (transaction) => {
      const row = await findRepository(transaction, call.registry.rid, call.path.repository)
      const repository = requirePublished(row, call)
      requireDeletable('repository', repository)
      if (await holdsLocked(transaction, repository.id))
        throw disallowed('a manifest or a tag of the repository is locked')
      id = repository.id
      context.sweeper.holdBack(id)
      await deleteRepository(transaction, repository, { nowMs, isRestorable })
      const detail = { manifestCount: repository.manifest_count, tagCount: repository.tag_count }
      await context.audit.record(transaction, changeEvent(call, 'repository.delete', '', detail))
    })
    await discardUploadsOf(id)
    const { digests, tags } = await readContent(context.database, id)
    await context.sweeper.sweepFirst(id)
    sendJson(call, 202, { manifestsDeleted: digests, tagsDeleted: tags })
  } finally {
    context.sweeper.release(id)
  }
}

const maxDescription = 200

/** Returns the description in the body. Returns an empty object if the body contains no description. */
function requireDescription(body: JsonObject): Partial<Pick<RepositoryRow, 'description'>> {
  const value = ownValue(body, 'description')
  if (value === undefined) return {}
  if (value === null || value === '') return { description: null }
  if (typeof value !== 'string' || value.length > maxDescription || !isPlainLine(value) || !value.isWellFormed()) {
    throw new OciError('BAD_REQUEST', {
      message: `description must be text of at most ${maxDescription} characters, in one line`,
    })
  }
  return { description: value }
}

async function requireForChange(transaction: Transaction, call: AcrCall<'repository'>) {
  const row = await findRepository(transaction, call.registry.rid, call.path.repository)
  return requirePublished(row, call, repositoryNotFound)
}
