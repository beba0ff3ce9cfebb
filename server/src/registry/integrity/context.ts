import type { Audit } from '../../audit/index.ts'
import type { Log } from '../../platform/log/log.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import type { BlobStore } from '../../storage/index.ts'

/** The context of the verification of stored content. */
export type IntegrityContext = {
  readonly database: Database
  readonly clock: Clock
  readonly audit: Audit
  readonly log: Log
  readonly blobs: BlobStore
}
