import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'

/** A blob of the source cannot be moved. */
export class DamagedBlobError extends StartupError {
  override readonly name = 'DamagedBlobError'
  constructor(digest: string, problem: 'missing' | 'corrupt') {
    super(
      `the blob ${digest} is ${problem} in the source`,
      exitCodes.dataDirUnusable,
      'run acrux scrub --repair, which quarantines the blob, so that the next push of the same content replaces the blob. Then run this command again',
    )
  }
}

/** The target returned other bytes than it had received. */
export class TargetDamagedError extends StartupError {
  override readonly name = 'TargetDamagedError'
  constructor(digest: string) {
    super(
      `the bytes that the target returned for the blob ${digest} differ from the stored bytes`,
      exitCodes.storageUnusable,
      'check the disk or the object store',
    )
  }
}

/** A table in the target still differs from the source after all attempts to copy it. */
export class TablesDifferError extends StartupError {
  override readonly name = 'TablesDifferError'
  constructor(table: string) {
    super(
      `the table ${table} of the target differs from the source`,
      exitCodes.databaseUnusable,
      'make sure that no other server uses the source or the target, and run this command again',
    )
  }
}
