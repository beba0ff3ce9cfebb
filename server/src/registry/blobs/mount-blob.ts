import { currentWork } from '../../platform/process/authorized-work.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { type Digest, parseDigest } from '@acrux/shared/standards/oci/digest.ts'
import { parseRepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import type { BlobContext } from './context.ts'
import { type BlobSource, holdsIntactBlob, linkBlob } from './blob-store.ts'
import type { OciCall } from '../protocol/call.ts'
import { OciError } from '../protocol/errors.ts'
import { requireWritable } from '../repositories/locks.ts'
import type { Reservation } from '../quotas/quotas.ts'
import { changeEvent, requireCurrentCredential } from '../repositories/repositories.ts'
import { openRepository } from '../repositories/repository-store.ts'

/** The maximum number of repositories with the blob that are tried when the client names no source. */
const maxCandidates = 20

type Source = Pick<BlobSource, 'repository_id' | 'name'>

/**
 * Mounts a blob from another repository of the same registry, and returns the digest of the blob. The caller must be allowed to pull from
 * the other repository. Returns undefined, without a reason, if no blob can be mounted. A missing source and a denied source take the same
 * steps. [OCI distribution-spec, Mounting a blob from another repository]
 *
 * @throws OciError REGISTRY_DISALLOWED_OPERATION when the repository of the call is locked
 */
export async function mountBlob(context: BlobContext, call: OciCall<'uploads'>): Promise<Digest | undefined> {
  const { query } = call
  const digest = query.getAll('mount').length === 1 ? parseDigest(query.get('mount') ?? '') : undefined
  if (digest === undefined) return undefined
  // The caller starts an ordinary upload instead. The upload tries to reclaim space, and is denied if no space is left.
  if (!context.space.hasRoomFor(0)) return undefined
  // ACR mounts only from a source that the client names.
  if (call.registry.compatibility === 'acr' && !query.has('from')) return undefined
  const source = query.has('from')
    ? await namedSource(context, call, digest, query.getAll('from'))
    : await anySource(context, call, digest)
  const blob = source && (await context.blobReads.byDigest.first({ digest }))
  if (source === undefined || blob === undefined || !(await context.integrity.isIntact(blob))) return undefined
  currentWork()?.alsoRequire(async () => {
    if (!(await call.caller.mayPull(source.name))) throw new OciError('DENIED')
  })
  const nowMs = context.clock.now()
  const mounted = await context.quotas.reserving((reservation) =>
    context.database.transaction((transaction) =>
      link(context, call, transaction, { source, digest, nowMs, reservation }),
    ),
  )
  return mounted ? digest : undefined
}

/** Checks the permission and always looks up the blob, so that the time does not reveal whether the permission or the blob was missing. */
async function namedSource(
  context: BlobContext,
  call: OciCall<'uploads'>,
  digest: Digest,
  names: readonly string[],
): Promise<Source | undefined> {
  const name = names.length === 1 ? parseRepositoryName(names[0] ?? '') : undefined
  if (name === undefined) return undefined
  const mayPull = await call.caller.mayPull(name)
  const held = await context.blobReads.held.first({ rid: call.registry.rid, repository: name, digest })
  return mayPull && held !== undefined && isOpenTo(call, held) ? { repository_id: held.repository_id, name } : undefined
}

/** Returns one of the first repositories that contain the blob and from which the caller may pull. Returns undefined if there is none. */
async function anySource(context: BlobContext, call: OciCall<'uploads'>, digest: Digest): Promise<Source | undefined> {
  const { rid } = call.registry
  const candidates = await context.blobReads.sources.all({ rid, digest, limit: maxCandidates })
  for (const candidate of candidates) {
    if (isOpenTo(call, candidate) && (await call.caller.mayPull(candidate.name))) return candidate
  }
  return undefined
}

function isOpenTo({ caller }: OciCall<'uploads'>, source: Omit<BlobSource, 'name' | 'repository_id'>): boolean {
  return source.read_enabled !== 0 && caller.deletionsSeen >= (source.predecessor_deletion ?? 0)
}

type Mount = {
  readonly source: Source
  readonly digest: Digest
  readonly nowMs: number
  readonly reservation: Reservation
}

/** Checks again that the source contains the blob, because the blob may have been collected or deleted. */
async function link(
  { settings, audit }: BlobContext,
  call: OciCall<'uploads'>,
  transaction: Transaction,
  { source, digest, nowMs, reservation }: Mount,
): Promise<boolean> {
  if (!(await holdsIntactBlob(transaction, source.repository_id, digest))) return false
  const repository = await openRepository(transaction, call.registry.rid, call.path.repository, nowMs)
  requireCurrentCredential(call.caller, repository)
  requireWritable(repository)
  const place = { rid: call.registry.rid, repository: call.path.repository, repositoryId: repository.id }
  const grace = { nowMs, gracePeriodMs: settings.gracePeriodMs }
  await reservation.measure(transaction, place, () => linkBlob(transaction, repository.id, digest, grace))
  await audit.record(transaction, changeEvent(call, 'blob.mount', `@${digest}`, { from: source.name }))
  return true
}
