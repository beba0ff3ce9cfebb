import { withoutCaller } from '../../platform/process/authorized-work.ts'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { maxEntries } from '../../platform/memory/max-entries.ts'
import { newTimeOrderedId } from '../../platform/process/time-ordered-id.ts'
import { type Digest, digestAlgorithm } from '@acrux/shared/standards/oci/digest.ts'
import {
  type BlobLocation,
  BlobMissingError,
  type BlobStore,
  findProven,
  StorageUnavailableError,
  type StoredBlob,
} from '../../storage/index.ts'
import type { IntegrityContext } from './context.ts'
import type { BlobRow } from '../rows/rows.ts'
import { createSemaphore } from '../../platform/limits/semaphore.ts'
import { holdersOf, mayReturn, quarantineBlob, recordVerified } from './integrity-store.ts'

/** The rules for the verification of stored content. */
export type IntegritySettings = {
  /** The minimum age of a verification after which the stored bytes are read again when their digest is pushed, mounted or imported. */
  readonly verifyAfterMs: number
}

/** The defaults. */
export const defaultIntegritySettings: IntegritySettings = { verifyAfterMs: 14 * 24 * 60 * 60 * 1000 }

/** A blob as its row describes it. */
export type RecordedBlob = Pick<
  BlobRow,
  'size_bytes' | 'verified_at_ms' | 'quarantined_at_ms' | 'quarantine_reason'
> & {
  readonly digest: Digest
  readonly location: BlobLocation
}

/** The reason why stored content is corrupt. */
export type CorruptReason = 'missing' | 'size' | 'digest' | 'unreadable'

/** The stored content differs from its row. The server sends no part of the corrupt content to the client. */
export class CorruptContentError extends Error {
  override readonly name = 'CorruptContentError'
}

/** The maximum number of blobs that are verified at the same time for clients. */
const maxConcurrentVerifications = 2

/** The maximum number of locations whose verification is cached. */
const maxVerified = 1000

/** The maximum number of cached reports of corrupt content. If the cache has evicted a report, the report is written again. */
const maxReported = 1000

/** Verifies stored blobs, and quarantines corrupt blobs. Clients do not find a quarantined blob until it is pushed again. */
export class BlobIntegrity {
  /** Counters since the start of the process. */
  readonly figures = { deniedReads: 0, quarantined: 0, repaired: 0 }
  #context: IntegrityContext
  #settings: IntegritySettings
  #running = new Map<BlobLocation, Promise<boolean>>()
  #limit = createSemaphore(maxConcurrentVerifications)
  /** The times at which this process verified bytes. A cached row contains an earlier time. */
  #verified = new LRUCache<BlobLocation, number>(maxEntries(maxVerified))
  #reported = new LRUCache<string, true>(maxEntries(maxReported))

  constructor(context: IntegrityContext, settings: IntegritySettings) {
    this.#context = context
    this.#settings = settings
  }

  /** Whether the stored bytes were changed after their verification. The server never changes verified bytes. */
  isSuspect(blob: Pick<RecordedBlob, 'verified_at_ms' | 'location'>, stored: StoredBlob): boolean {
    if (blob.verified_at_ms === null) return false
    const verifiedAtMs = Math.max(blob.verified_at_ms, this.#verified.get(blob.location) ?? 0)
    return Math.floor(stored.committedAtMs) > verifiedAtMs
  }

  /** Whether the blob exists. The bytes of the blob are read only if they were changed after their verification. */
  async isPresent(blob: RecordedBlob): Promise<boolean> {
    return this.#check(blob, () => true)
  }

  /**
   * Whether a blob whose bytes were missing has intact bytes again, such as after a failure of the store. The bytes are verified. Then the
   * quarantine ends or gets another reason, so that not every request reads corrupt bytes again.
   */
  async hasReturned(blob: RecordedBlob): Promise<boolean> {
    if (blob.quarantined_at_ms === null || !mayReturn(blob.quarantine_reason)) return false
    const stored = await this.#context.blobs.find(blob.location)
    return stored?.sizeBytes === blob.size_bytes && this.verify(blob)
  }

  /** Whether the blob exists with intact bytes. The bytes are verified now, unless they were verified recently. */
  async isIntact(blob: RecordedBlob): Promise<boolean> {
    const { verified_at_ms: verifiedAtMs } = blob
    const sinceMs = this.#context.clock.now() - this.#settings.verifyAfterMs
    return this.#check(blob, () => verifiedAtMs !== null && verifiedAtMs > sinceMs)
  }

  /**
   * Reads the stored bytes, records the result, and returns whether the bytes match the digest. Concurrent calls for the same bytes share
   * one read.
   */
  verify(blob: RecordedBlob): Promise<boolean> {
    const running = this.#running.get(blob.location)
    if (running !== undefined) return running
    const verifying = this.#limit(() => this.#verify(blob)).finally(() => this.#running.delete(blob.location))
    this.#running.set(blob.location, verifying)
    return verifying
  }

  /**
   * Quarantines a blob, and records an audit event. Does nothing if the blob has been replaced, or is already in quarantine for a permanent
   * reason. Returns whether this call quarantined the blob.
   */
  async quarantine({ digest, location }: RecordedBlob, reason: CorruptReason): Promise<boolean> {
    const { database, clock, audit, log } = this.#context
    const nowMs = clock.now()
    const done = await withoutCaller(() =>
      database.transaction(async (transaction) => {
        if (!(await quarantineBlob(transaction, { digest, location }, { nowMs, reason }))) return false
        const repositories = await holdersOf(transaction, digest)
        const event = this.#event('blob.quarantine', digest, { reason, location, repositories })
        await audit.record(transaction, { ...event, outcome: 'success' })
        return true
      }),
    )
    if (done) {
      this.figures.quarantined += 1
      log.error({ digest, reason }, 'a stored blob is corrupt and was quarantined')
    }
    return done
  }

  /** Reports a read of corrupt content, once for each content, and returns the error to throw. Every read increments a counter. */
  async denyRead(digest: Digest, place: string, reason: CorruptReason): Promise<CorruptContentError> {
    this.figures.deniedReads += 1
    const key = `${place} ${reason}`
    if (!this.#reported.has(key)) {
      this.#reported.set(key, true)
      await this.#context.audit
        .append({ ...this.#event('content.corrupt', digest, { reason, place }), outcome: 'refused', reason })
        .catch((error: unknown) =>
          this.#context.log.error({ err: error }, 'failed to write the audit event of corrupt content'),
        )
    }
    return new CorruptContentError(`the stored content of ${digest} is corrupt (${reason})`)
  }

  async #check(blob: RecordedBlob, isTrusted: () => boolean): Promise<boolean> {
    if (blob.quarantined_at_ms !== null) return false
    const stored = await findProven(this.#context.blobs, blob.location)
    if (stored?.sizeBytes !== blob.size_bytes) {
      await this.#quarantineOrLog(blob, stored === undefined ? 'missing' : 'size')
      return false
    }
    return (isTrusted() && !this.isSuspect(blob, stored)) || this.verify(blob)
  }

  async #verify(blob: RecordedBlob): Promise<boolean> {
    const { blobs, clock, database, log } = this.#context
    const reason = await findCorruption(blobs, blob)
    if (reason !== undefined) {
      await this.#quarantineOrLog(blob, reason)
      return false
    }
    const changedAtMs = (await blobs.find(blob.location))?.committedAtMs ?? 0
    const verifiedAtMs = Math.max(clock.now(), Math.ceil(changedAtMs))
    this.#verified.set(blob.location, verifiedAtMs)
    await withoutCaller(() =>
      database.transaction((transaction) => recordVerified(transaction, blob, verifiedAtMs)),
    ).catch((error: unknown) => log.error({ err: error }, 'failed to record that a blob was verified'))
    return true
  }

  /** If the quarantine cannot be written, such as on a full disk, the response is the same. */
  async #quarantineOrLog(blob: RecordedBlob, reason: CorruptReason): Promise<void> {
    await this.quarantine(blob, reason).catch((error: unknown) =>
      this.#context.log.error({ err: error, digest: blob.digest, reason }, 'failed to quarantine a corrupt blob'),
    )
  }

  #event(action: string, digest: Digest, detail: Readonly<Record<string, unknown>>) {
    return {
      action,
      actor: { kind: 'system', id: 'integrity' },
      target: digest,
      detail,
      origin: { correlationId: newTimeOrderedId(this.#context.clock.now()), remoteAddress: '', userAgent: undefined },
    } as const
  }
}

/**
 * Returns the reason why the bytes of a blob are corrupt. Returns undefined if the bytes are intact. `pace` is awaited after each chunk.
 *
 * @throws errors of the store other than missing or unreadable bytes
 */
export async function findCorruption(
  blobs: BlobStore,
  { digest, location, size_bytes: expectedBytes }: Pick<RecordedBlob, 'digest' | 'location' | 'size_bytes'>,
  pace?: (sizeBytes: number) => Promise<void>,
): Promise<CorruptReason | undefined> {
  const algorithm = digestAlgorithm(digest)
  const hash = createHash(algorithm)
  let sizeBytes = 0
  try {
    for await (const piece of await blobs.read(location)) {
      hash.update(piece as Uint8Array)
      sizeBytes += (piece as Uint8Array).byteLength
      await pace?.((piece as Uint8Array).byteLength)
    }
  } catch (error) {
    if (error instanceof BlobMissingError) {
      if ((await findProven(blobs, location)) === undefined) return 'missing'
      throw new StorageUnavailableError('a blob was temporarily missing', { cause: error })
    }
    if (systemErrorCode(error) === 'EIO') return 'unreadable'
    throw error
  }
  if (sizeBytes !== expectedBytes) return 'size'
  return `${algorithm}:${hash.digest('hex')}` === digest ? undefined : 'digest'
}
