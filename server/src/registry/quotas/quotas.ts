import type { Database, Transaction } from '../../platform/sql/database.ts'
import { OciError } from '../protocol/errors.ts'
import type { StagedBytes } from './staged-bytes.ts'
import { type LimitsRead, prepareLimitsRead, readLimits, wholeRegistry } from './quota-store.ts'
import { prepareUsageReads, readUsage, type UsageReads } from './usage-store.ts'

/** The limits in bytes of registries and repositories that have no quota of their own. 0 is no limit. */
export type DefaultQuotas = { readonly registryBytes: number; readonly repositoryBytes: number }

/** No limit unless one is set. */
export const noQuotas: DefaultQuotas = { registryBytes: 0, repositoryBytes: 0 }

/** A repository by its name, in a registry. */
export type QuotaPlace = { readonly rid: string; readonly repository: string; readonly repositoryId: string }

type StagedPlace = Pick<QuotaPlace, 'rid' | 'repositoryId'>

/** The limits that apply to a repository. Undefined is no limit. */
export type Limits = { readonly registryBytes: number | undefined; readonly repositoryBytes: number | undefined }

/** Measures what a transaction adds. */
export type Reservation = {
  /**
   * Runs `work`, which may add content to a repository, and reserves the added bytes until the transaction ends.
   *
   * @throws OciError DENIED where a limit would be exceeded
   */
  readonly measure: <Result>(
    transaction: Transaction,
    place: QuotaPlace,
    work: () => Promise<Result>,
  ) => Promise<Result>
}

/**
 * Enforces quotas. Committed, staged and reserved bytes together never exceed a limit. Of other processes on the same
 * database, only committed bytes are known.
 */
export class Quotas {
  #reads: UsageReads
  #limitsRead: LimitsRead
  #staged: StagedBytes
  #defaults: DefaultQuotas
  #loadStaged: () => Promise<void>

  /** @param loadStaged enters the uploads of before the start, whose bytes count too */
  constructor(database: Database, staged: StagedBytes, defaults: DefaultQuotas, loadStaged: () => Promise<void>) {
    this.#reads = prepareUsageReads(database)
    this.#limitsRead = prepareLimitsRead(database)
    this.#staged = staged
    this.#defaults = defaults
    this.#loadStaged = loadStaged
  }

  /** The limits of a repository, as committed, or within a transaction. */
  async limitsOf({ rid, repository }: Pick<QuotaPlace, 'rid' | 'repository'>, within?: Transaction): Promise<Limits> {
    // On PostgreSQL, a transaction that waits for a second connection could wait for others that do the same.
    const rows =
      within?.kind === 'postgres'
        ? await readLimits(within, rid, repository)
        : await this.#limitsRead.all({ rid, repository })
    const limitOf = (name: string): number | undefined => rows.find((row) => row.repository === name)?.limit_bytes
    return {
      registryBytes: limitOf(wholeRegistry) ?? (this.#defaults.registryBytes || undefined),
      repositoryBytes:
        (repository === wholeRegistry ? undefined : limitOf(repository)) ??
        (this.#defaults.repositoryBytes || undefined),
    }
  }

  /** The bytes of a registry, staged ones included. */
  async registryBytes(rid: string): Promise<number> {
    await this.#loadStaged()
    return ((await this.#reads.ofRegistry.first({ rid }))?.size_bytes ?? 0) + this.#staged.ofRegistry(rid)
  }

  /** The bytes of a repository, staged ones included. */
  async repositoryBytes(id: string): Promise<number> {
    await this.#loadStaged()
    return ((await this.#reads.ofRepository.first({ id }))?.size_bytes ?? 0) + this.#staged.ofRepository(id)
  }

  /**
   * Checks the announced size of a body.
   *
   * @throws OciError DENIED where a limit would be exceeded
   */
  async requireRoomFor(bytes: number, place: StagedPlace, limits: Limits): Promise<void> {
    if (limits.registryBytes !== undefined) {
      requireWithin('registry', limits.registryBytes, await this.registryBytes(place.rid), bytes)
    }
    if (limits.repositoryBytes !== undefined) {
      requireWithin('repository', limits.repositoryBytes, await this.repositoryBytes(place.repositoryId), bytes)
    }
  }

  /**
   * Checks a received chunk of a body, without waiting. PostgreSQL is not queried for each chunk: there, the quota
   * is checked at the end of the upload.
   *
   * @throws OciError DENIED where a limit would be exceeded
   */
  requireRoomForPiece(bytes: number, { rid, repositoryId }: StagedPlace, limits: Limits): void {
    const { ofRegistry, ofRepository } = this.#reads
    if (limits.registryBytes !== undefined && ofRegistry.firstSync !== undefined) {
      const usedBytes = (ofRegistry.firstSync({ rid })?.size_bytes ?? 0) + this.#staged.ofRegistry(rid)
      requireWithin('registry', limits.registryBytes, usedBytes, bytes)
    }
    if (limits.repositoryBytes !== undefined && ofRepository.firstSync !== undefined) {
      const storedBytes = ofRepository.firstSync({ id: repositoryId })?.size_bytes ?? 0
      const usedBytes = storedBytes + this.#staged.ofRepository(repositoryId)
      requireWithin('repository', limits.repositoryBytes, usedBytes, bytes)
    }
  }

  /**
   * Does `work`, whose transactions may add content. `uploadId` is the upload that they finish; its bytes are counted
   * once.
   */
  async reserving<Result>(work: (reservation: Reservation) => Promise<Result>, uploadId?: string): Promise<Result> {
    await this.#loadStaged()
    const held: { readonly place: QuotaPlace; readonly bytes: number }[] = []
    const release = (): void => {
      for (const { place, bytes } of held.splice(0)) this.#staged.reserve(place, -bytes)
    }
    const measure: Reservation['measure'] = async (transaction, place, inner) => {
      // A transaction is retried after a conflict.
      release()
      const limits = await this.limitsOf(place, transaction)
      if (limits.registryBytes === undefined && limits.repositoryBytes === undefined) return inner()
      const before = await readUsage(transaction, place.rid, place.repositoryId)
      const result = await inner()
      const after = await readUsage(transaction, place.rid, place.repositoryId)
      const ownBytes = (uploadId !== undefined && this.#staged.get(uploadId)?.stagedBytes) || 0
      const grownBytes = after.repositoryBytes - before.repositoryBytes
      if (grownBytes <= 0) return result
      const registrySum = before.registryBytes + this.#staged.ofRegistry(place.rid) - ownBytes
      const repositorySum = before.repositoryBytes + this.#staged.ofRepository(place.repositoryId) - ownBytes
      const registryGrownBytes = after.registryBytes - before.registryBytes
      if (limits.registryBytes !== undefined && registryGrownBytes > 0) {
        requireWithin('registry', limits.registryBytes, registrySum, registryGrownBytes)
      }
      if (limits.repositoryBytes !== undefined) {
        requireWithin('repository', limits.repositoryBytes, repositorySum, grownBytes)
      }
      const bytes = Math.max(0, grownBytes - ownBytes)
      this.#staged.reserve(place, bytes)
      held.push({ place, bytes })
      return result
    }
    try {
      return await work({ measure })
    } finally {
      release()
    }
  }
}

/** @throws OciError DENIED where bytes have no room within a limit */
function requireWithin(of: 'registry' | 'repository', limitBytes: number, usedBytes: number, bytes: number): void {
  if (usedBytes + bytes <= limitBytes) return
  throw new OciError('DENIED', {
    status: 403,
    message: `the quota of the ${of} is exceeded: the limit is ${limitBytes} bytes, and ${usedBytes} bytes are in use`,
    detail: { limitBytes, usedBytes },
  })
}
