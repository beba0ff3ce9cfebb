import { setImmediate as nextTurn } from 'node:timers/promises'
import { timeOfDeletions } from '../deletion/time-of-deletions.ts'
import type { AuditEvent } from '../../audit/index.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import { newTimeOrderedId } from '../../platform/process/time-ordered-id.ts'
import { pieceRows } from '../rows/piece-store.ts'
import { pieceManifests, type Removal, removeManifest } from '../deletion/deleted-content-store.ts'
import { listPurgeable, purgeSome } from './soft-deleted-store.ts'
import { changeSwept } from '../deletion/change-repository.ts'
import { keptPrefix, openKept } from '../deletion/kept-store.ts'
import { type Actor, keepsDeleted } from '../protocol/ports.ts'
import { markFreed } from '../manifests/freed-store.ts'
import type { RetentionContext } from './context.ts'
import { recordChange } from '../repositories/repository-store.ts'
import type { RepositoryRow } from '../rows/rows.ts'
import {
  isUnlocked,
  listUnlockedRepositories,
  listUntagged,
  listUntaggedPage,
  type UntaggedAge,
  type UntaggedManifest,
  type UntaggedPage,
  type UntaggedPlace,
} from './untagged-store.ts'
import type { PolicedRegistry } from './model.ts'

const dayMs = 24 * 60 * 60 * 1000

/** How many repositories are read at once. */
const readRepositories = 200
/** The maximum number of passes over a repository in one run. */
const maxPasses = 10

/**
 * Applies the retention and soft-delete policies of a registry: deletes manifests that have been untagged for too long, and
 * purges soft-deleted content. Returns how many of each. [Azure Container Registry, retention and soft-delete policies]
 */
export async function applyPolicies(
  context: RetentionContext,
  registry: PolicedRegistry,
): Promise<{ readonly untagged: number; readonly purged: number }> {
  const { retentionPolicy, softDeletePolicy } = registry.policies
  const nowMs = await timeOfDeletions(context)
  // Soft-deleted content is purged after the present number of days, even if the policy is disabled.
  // [azure-cli acr/policy.py]
  const purged = await purge(context, registry.rid, nowMs - softDeletePolicy.retentionDays * dayMs)
  if (retentionPolicy.status === 'disabled') return { untagged: 0, purged }
  const untaggedBeforeMs = nowMs - retentionPolicy.days * dayMs
  const age = {
    // While an image is being pushed, its manifests have neither a tag nor an index.
    pushedBeforeMs: Math.min(untaggedBeforeMs, nowMs - context.settings.gracePeriodMs),
    untaggedBeforeMs,
    sinceMs: retentionPolicy.enabledAtMs,
  }
  return { untagged: await deleteUntagged(context, registry, age), purged }
}

async function purge({ database }: RetentionContext, rid: string, beforeMs: number): Promise<number> {
  let count = 0
  let after: string | undefined = keptPrefix
  while (after !== undefined) {
    const kept: Pick<RepositoryRow, 'id' | 'name'>[] = await listPurgeable(
      database,
      { rid, beforeMs },
      after,
      readRepositories,
    )
    for (const { id } of kept) count += await purgeOne(database, id, beforeMs)
    after = kept.length === readRepositories ? kept.at(-1)?.name : undefined
  }
  return count
}

async function purgeOne(database: Database, repositoryId: string, beforeMs: number): Promise<number> {
  let count = 0
  for (;;) {
    const some = await database.transaction((transaction) => purgeSome(transaction, repositoryId, beforeMs))
    if (some === 0) return count
    count += some
    await nextTurn()
  }
}

async function deleteUntagged(context: RetentionContext, registry: PolicedRegistry, age: UntaggedAge): Promise<number> {
  const { database } = context
  let count = 0
  let after: string | undefined = ''
  while (after !== undefined) {
    const repositories: Pick<RepositoryRow, 'id' | 'name'>[] = await listUnlockedRepositories(
      database,
      registry.rid,
      after,
      readRepositories,
    )
    for (const repository of repositories) {
      count += await deleteUntaggedOf(context, registry, repository, age)
      await nextTurn()
    }
    after = repositories.length === readRepositories ? repositories.at(-1)?.id : undefined
  }
  return count
}

/** Each pass over a repository may free manifests for the next one, such as the children of an index. */
async function deleteUntaggedOf(
  context: RetentionContext,
  registry: PolicedRegistry,
  repository: Pick<RepositoryRow, 'id' | 'name'>,
  age: UntaggedAge,
): Promise<number> {
  let count = 0
  for (let pass = 0; pass < maxPasses; pass += 1) {
    const deleted = await deleteUntaggedOnce(context, registry, repository, age)
    if (deleted === 0) break
    count += deleted
  }
  return count
}

async function deleteUntaggedOnce(
  context: RetentionContext,
  registry: PolicedRegistry,
  repository: Pick<RepositoryRow, 'id' | 'name'>,
  age: UntaggedAge,
): Promise<number> {
  let count = 0
  let after: UntaggedPlace | undefined = { updated_at_ms: -1, digest: '' }
  while (after !== undefined) {
    const page: UntaggedPage = await listUntaggedPage(context.database, repository.id, age, after)
    for (let start = 0; start < page.untagged.length; start += pieceManifests) {
      const untagged = page.untagged.slice(start, start + pieceManifests)
      count += await deleteSome(context, { registry, repository, age }, untagged)
    }
    after = page.next
    await nextTurn()
  }
  return count
}

/** The untagged manifests of a repository. */
type UntaggedOf = {
  readonly registry: PolicedRegistry
  readonly repository: Pick<RepositoryRow, 'id' | 'name'>
  readonly age: UntaggedAge
}

/** Deletes manifests, except those that were tagged or locked after they were listed. */
async function deleteSome(
  { database, audit, clock, manifestCache }: RetentionContext,
  { registry, repository, age }: UntaggedOf,
  found: readonly UntaggedManifest[],
): Promise<number> {
  const { id, name } = repository
  for (const { digest, sinceMs } of found) await markFreed(database, id, digest, sinceMs)
  let left = found.map(({ digest }) => digest)
  let count = 0
  while (left.length > 0) {
    const nowMs = clock.now()
    const among = left
    const gone = await changeSwept(database, async (transaction) => {
      const open = () => openKept(transaction, { rid: registry.rid, name }, nowMs)
      const keptIn = keepsDeleted(registry) ? (await open()).id : undefined
      const change = { cause: 'retention', nowMs, by: retentionActor } as const
      const deleted = await deleteStillUntagged(transaction, id, { age, removal: { keptIn, change } }, among)
      for (const { digest, sinceMs } of deleted) {
        const target = `${registry.loginServer}/${name}@${digest}`
        await audit.record(transaction, policyEvent(target, sinceMs, nowMs))
      }
      if (deleted.length > 0) await recordChange(transaction, id, { manifests: -deleted.length, tags: 0, nowMs })
      return deleted.map(({ digest }) => digest)
    })
    manifestCache.drop(registry.rid, name)
    if (gone.length === 0) break
    count += gone.length
    left = left.filter((digest) => !gone.includes(digest))
  }
  return count
}

/** The policy, as the history of a tag names it. */
const retentionActor: Actor = { id: 'retention-policy', name: 'Retention policy', kind: 'server' }

/** What to delete, and how. */
type UntaggedDeletion = { readonly age: UntaggedAge; readonly removal: Removal }

/** Deletes as many as fit into one batch. Checks every lock and tag again in this transaction. */
async function deleteStillUntagged(
  transaction: Transaction,
  repositoryId: string,
  { age, removal }: UntaggedDeletion,
  among: readonly Digest[],
): Promise<UntaggedManifest[]> {
  if (!(await isUnlocked(transaction, repositoryId))) return []
  const untagged = await listUntagged(transaction, repositoryId, age, among)
  const gone: UntaggedManifest[] = []
  let rows = 0
  for (const manifest of untagged) {
    if (rows >= pieceRows) break
    rows += await removeManifest(transaction, repositoryId, manifest.digest, removal)
    gone.push(manifest)
  }
  return gone
}

function policyEvent(target: string, untaggedSinceMs: number, nowMs: number): AuditEvent {
  return {
    action: 'manifest.delete',
    outcome: 'success',
    actor: { kind: 'system', id: 'retention-policy' },
    target,
    detail: { untaggedSince: new Date(untaggedSinceMs).toISOString() },
    origin: { correlationId: newTimeOrderedId(nowMs), remoteAddress: '', userAgent: undefined },
  }
}
