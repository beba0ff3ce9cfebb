import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AuditEvent } from '../../audit/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { newTimeOrderedId } from '../../platform/time-ordered-id.ts'
import { purgeSome } from './deleted-store.ts'
import type { PolicedRegistry } from '../index.ts'
import { deleteManifestRows, markFreed } from '../manifests/manifest-store.ts'
import type { Parts } from '../parts.ts'
import { recordChange } from '../repositories/repository-store.ts'
import type { RepositoryRow } from '../tables.ts'
import {
  isUnlocked,
  listUnlockedRepositories,
  listUntagged,
  type UntaggedAge,
  type UntaggedManifest,
} from './untagged-store.ts'

const dayMs = 24 * 60 * 60 * 1000

/** How many repositories are read at once, and how many manifests one transaction deletes, since pushes wait for it. */
const readRepositories = 200
const deletedManifests = 20

/**
 * Deletes what the policies of a registry have come to: manifests that have gone without a tag for so many days, for good,
 * and what was deleted so many days ago. Returns how many of either. [Azure Container Registry, retention and soft-delete policies]
 */
export async function carryOutPolicies(
  parts: Parts,
  registry: PolicedRegistry,
  leaseMs: number,
): Promise<{ readonly untagged: number; readonly purged: number }> {
  const { retentionPolicy, softDeletePolicy } = registry.policies
  const nowMs = parts.clock.now()
  // What is deleted is kept as long as the policy says now, though it may be off by now. [azure-cli acr/policy.py]
  const purged = await purge(parts, registry.rid, nowMs - softDeletePolicy.retentionDays * dayMs)
  if (retentionPolicy.status === 'disabled') return { untagged: 0, purged }
  const untaggedBeforeMs = nowMs - retentionPolicy.days * dayMs
  const age = {
    // The parts of an image that is being pushed have neither tag nor index yet.
    pushedBeforeMs: Math.min(untaggedBeforeMs, nowMs - leaseMs),
    untaggedBeforeMs,
    sinceMs: retentionPolicy.enabledAtMs,
  }
  return { untagged: await deleteUntagged(parts, registry, age), purged }
}

async function purge({ database }: Parts, rid: string, beforeMs: number): Promise<number> {
  let count = 0
  for (;;) {
    const some = await database.transaction((transaction) => purgeSome(transaction, rid, beforeMs, deletedManifests))
    if (some === 0) return count
    count += some
  }
}

async function deleteUntagged(parts: Parts, registry: PolicedRegistry, age: UntaggedAge): Promise<number> {
  const { database } = parts
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
      count += await deleteUntaggedOf(parts, registry, repository, age)
      await nextTurn()
    }
    after = repositories.length === readRepositories ? repositories.at(-1)?.id : undefined
  }
  return count
}

/** With an index gone, its children are looked at again: they are as old as it is. */
async function deleteUntaggedOf(
  { database, audit, clock, manifestCache }: Parts,
  { rid, loginServer }: PolicedRegistry,
  { id, name }: Pick<RepositoryRow, 'id' | 'name'>,
  age: UntaggedAge,
): Promise<number> {
  let count = 0
  for (;;) {
    const found = await listUntagged(database, id, age, { limit: deletedManifests })
    if (found.length === 0) return count
    const nowMs = clock.now()
    const deleted = await database.transaction(async (transaction) => {
      const gone = await deleteStillUntagged(transaction, id, age, found)
      for (const { digest, sinceMs } of gone) {
        const target = `${loginServer}/${name}@${digest}`
        await audit.record(transaction, policyEvent(target, sinceMs, nowMs))
      }
      if (gone.length > 0) await recordChange(transaction, id, { manifests: -gone.length, tags: 0, nowMs })
      return gone.length
    })
    manifestCache?.forget(rid, name)
    count += deleted
    // Somebody tagged or locked all of them meanwhile; the next run sees what is left.
    if (deleted === 0) return count
  }
}

/** Every lock and tag is looked at once more, in the transaction that deletes. */
async function deleteStillUntagged(
  transaction: Transaction,
  repositoryId: string,
  age: UntaggedAge,
  found: readonly UntaggedManifest[],
): Promise<UntaggedManifest[]> {
  if (!(await isUnlocked(transaction, repositoryId))) return []
  const among = found.map(({ digest }) => digest)
  const gone = await listUntagged(transaction, repositoryId, age, { limit: among.length, among })
  for (const { digest, sinceMs } of gone) {
    await markFreed(transaction, repositoryId, digest, sinceMs)
    await deleteManifestRows(transaction, repositoryId, digest)
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
