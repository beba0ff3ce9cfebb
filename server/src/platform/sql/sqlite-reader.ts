import { Distribution } from '../metrics/figure.ts'
import { MainThreadOnlyError } from '../process/main-thread-only.ts'
import { type Database, commitBounds } from './database.ts'
import type { RevisionCell } from './revision-cell.ts'
import { SqliteReads } from './sqlite-reads.ts'

/**
 * Opens a database for reading that another thread writes. The other thread stores the authority revision in `revision`
 * after a commit and before the answer. Changes fail with MainThreadOnlyError.
 */
export function openSqliteReader(file: string, revision: Readonly<RevisionCell>): Database {
  const reads = new SqliteReads(file)
  const reject = () => Promise.reject(new MainThreadOnlyError())
  return {
    kind: 'sqlite',
    tables: () => reads.tables(),
    prepare: (names, build) => reads.prepare(names, build),
    prepareInsert: () => reject,
    transaction: reject,
    exclusiveTransaction: reject,
    authorityRevision: async () => revision.value,
    knownRevision: () => revision.value,
    leasedContentRevision: () => undefined,
    writerLoad: () => ({ waiting: 0, commitSeconds: new Distribution(commitBounds) }),
    canWrite: () => false,
    close: async () => reads.close(),
  }
}
