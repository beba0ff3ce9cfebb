import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'

/** The disk is full. Nothing was written. */
export class DiskFullError extends Error {
  override readonly name: string = 'DiskFullError'
}

/** The transaction could not run because of other transactions, until its waiting time or its last attempt was over. */
export class DatabaseBusyError extends Error {
  override readonly name: string = 'DatabaseBusyError'
}

/** The database server cannot be reached, or has closed the connection. */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError'
  /** True if the connection was lost during the commit, so that the transaction may be stored. */
  readonly mayHaveCommitted: boolean

  constructor(message: string, options: ErrorOptions & { readonly mayHaveCommitted?: boolean } = {}) {
    super(message, options)
    this.mayHaveCommitted = options.mayHaveCommitted ?? false
  }
}

/** The rows are being moved to another database, or the blobs to another store. Nothing was written. */
export class WritesPausedError extends Error {
  override readonly name = 'WritesPausedError'
  constructor() {
    super('changes are paused while the data is moved')
  }
}

/** The object store cannot be reached, is overloaded, or denies access. */
export class StorageUnavailableError extends Error {
  override readonly name = 'StorageUnavailableError'
  /** The status of the object store's response, if there was a response. */
  readonly status: number | undefined

  constructor(message: string, options: ErrorOptions & { readonly status?: number | undefined } = {}) {
    super(message, options)
    this.status = options.status
  }
}

/** The response to a request that fails because of the server machine and not because of the request. */
export type Outage = {
  readonly kind: 'disk-full' | 'database-busy' | 'database-unavailable' | 'storage-unavailable' | 'writes-paused'
  /** The status is 507 or 503. [RFC 4918 §11.5; RFC 9110 §15.6.4] */
  readonly status: 503 | 507
  /** The message for the client. */
  readonly message: string
  readonly retryAfterSeconds: number
}

const diskFull: Outage = {
  kind: 'disk-full',
  status: 507,
  message: 'The server has run out of disk space. Try again later.',
  retryAfterSeconds: 60,
}

const databaseBusy: Outage = {
  kind: 'database-busy',
  status: 503,
  message: 'The database of the server is busy. Try again later.',
  retryAfterSeconds: 10,
}

const databaseUnavailable: Outage = {
  kind: 'database-unavailable',
  status: 503,
  message: 'The database of the server cannot be reached. Try again later.',
  retryAfterSeconds: 5,
}

const storageUnavailable: Outage = {
  kind: 'storage-unavailable',
  status: 503,
  message: 'The object store of the server cannot be reached. Try again later.',
  retryAfterSeconds: 5,
}

/**
 * The response contains the status of the object store, so that an operator can see in a client whether the object
 * store denies access.
 */
function storageOutage({ status }: StorageUnavailableError): Outage {
  if (status === undefined) return storageUnavailable
  return { ...storageUnavailable, message: `The object store of the server returned ${status}. Try again later.` }
}

const writesPaused: Outage = {
  kind: 'writes-paused',
  status: 503,
  message:
    'The server is moving all data to another database or object store. The server accepts changes after the operator restarts the server with the new settings. Try again later.',
  retryAfterSeconds: 15,
}

/** The maximum number of causes of an error that are checked. */
const maxCauses = 8

/** The outage that an error or one of its causes describes. Undefined for other errors. */
export function outageOf(error: unknown): Outage | undefined {
  let cause = error
  for (let depth = 0; depth < maxCauses && cause instanceof Error; depth += 1) {
    if (cause instanceof DiskFullError || isFullCode(systemErrorCode(cause))) return diskFull
    if (cause instanceof DatabaseBusyError) return databaseBusy
    if (cause instanceof DatabaseUnavailableError) return databaseUnavailable
    if (cause instanceof StorageUnavailableError) return storageOutage(cause)
    if (cause instanceof WritesPausedError) return writesPaused
    const translated = sqliteFailure(cause)
    if (translated instanceof DiskFullError) return diskFull
    if (translated instanceof DatabaseBusyError) return databaseBusy
    cause = cause.cause
  }
  return undefined
}

/** Whether an error code means that a disk or a disk quota is full. The code 53100 is a code of PostgreSQL. */
function isFullCode(code: string | undefined): boolean {
  return code === 'ENOSPC' || code === 'EDQUOT' || code === '53100'
}

/** Result codes of SQLite. The lowest byte of a result code is the primary code. [SQLite, Result and Error Codes] */
const sqliteBusy = 5
const sqliteLocked = 6
const sqliteFull = 13
const sqliteIoErrorOfSharedMemorySize = 10 | (19 << 8)

/** Converts a SQLite error to the matching outage error. Returns other errors unchanged. */
export function sqliteFailure(error: Error): Error {
  const code = sqliteCodeOf(error)
  if (code === undefined) return error
  if ((code & 0xff) === sqliteFull || code === sqliteIoErrorOfSharedMemorySize) {
    return new DiskFullError('the disk is full: the database cannot be written', { cause: error })
  }
  if ((code & 0xff) === sqliteBusy || (code & 0xff) === sqliteLocked) {
    return new DatabaseBusyError('the database is locked by another process', { cause: error })
  }
  return error
}

/** The result code of an error of `node:sqlite`. Undefined for any other error. */
export function sqliteCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode : undefined
}
