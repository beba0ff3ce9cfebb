import { mainThreadOnly } from '../../platform/process/main-thread-only.ts'
import { BlobIntegrity, type RecordedBlob } from './blob-integrity.ts'
import type { IntegrityContext } from './context.ts'
import { mayReturn } from './integrity-store.ts'

/**
 * The verification of stored blobs in a thread that only reads. If the verification would have to record a result, this class passes the
 * request to the main thread.
 */
export class ReadingIntegrity extends BlobIntegrity {
  readonly #blobs: IntegrityContext['blobs']

  constructor(context: IntegrityContext) {
    super(context, { verifyAfterMs: 0 })
    this.#blobs = context.blobs
  }

  /**
   * @throws MainThreadOnlyError if the bytes are missing, or must be verified
   * @throws MainThreadOnlyError where the bytes are missing, or have to be verified
   */
  override async isPresent(blob: RecordedBlob): Promise<boolean> {
    if (blob.quarantined_at_ms !== null) return false
    const stored = await this.#blobs.find(blob.location)
    if (stored?.sizeBytes !== blob.size_bytes || this.isSuspect(blob, stored)) mainThreadOnly()
    return true
  }

  /**
   * @throws MainThreadOnlyError if the bytes may have returned
   * @throws MainThreadOnlyError where the bytes may have returned
   */
  override async hasReturned({ quarantine_reason: reason }: RecordedBlob): Promise<boolean> {
    return mayReturn(reason) ? mainThreadOnly() : false
  }

  override async isIntact(): Promise<boolean> {
    return mainThreadOnly()
  }

  override async verify(): Promise<boolean> {
    return mainThreadOnly()
  }

  override async quarantine(): Promise<boolean> {
    return mainThreadOnly()
  }

  override async denyRead(): Promise<never> {
    return mainThreadOnly()
  }
}
