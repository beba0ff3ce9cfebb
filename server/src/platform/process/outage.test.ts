import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DatabaseBusyError,
  DatabaseUnavailableError,
  DiskFullError,
  outageOf,
  sqliteFailure,
  StorageUnavailableError,
  WritesPausedError,
} from './outage.ts'

const coded = (code: string) => Object.assign(new Error('failed'), { code })
const sqlite = (errcode: number) => Object.assign(new Error('failed'), { errcode })

const cases: readonly [error: unknown, kind: string | undefined, why: string][] = [
  [new DiskFullError('full'), 'disk-full', 'by its class'],
  [new DatabaseBusyError('busy'), 'database-busy', 'by its class'],
  [new DatabaseUnavailableError('away'), 'database-unavailable', 'by its class'],
  [new StorageUnavailableError('away'), 'storage-unavailable', 'by its class'],
  [new WritesPausedError(), 'writes-paused', 'by its class'],
  [coded('ENOSPC'), 'disk-full', 'the file system is full'],
  [coded('EDQUOT'), 'disk-full', 'a quota of the file system is exhausted'],
  [coded('53100'), 'disk-full', 'PostgreSQL has no room'],
  [sqlite(13), 'disk-full', 'SQLITE_FULL'],
  [sqlite(4874), 'disk-full', 'SQLITE_IOERR_SHMSIZE'],
  [sqlite(5), 'database-busy', 'SQLITE_BUSY'],
  [sqlite(517), 'database-busy', 'SQLITE_BUSY_SNAPSHOT'],
  [sqlite(6), 'database-busy', 'SQLITE_LOCKED'],
  [sqlite(778), undefined, 'SQLITE_IOERR_WRITE may be anything'],
  [new Error('outer', { cause: new Error('inner', { cause: coded('ENOSPC') }) }), 'disk-full', 'by its cause'],
  [coded('EACCES'), undefined, 'another failure'],
  ['ENOSPC', undefined, 'no error'],
  [undefined, undefined, 'nothing'],
]

test('An outage is detected by the class or code of an error or its cause', () => {
  for (const [error, kind, why] of cases) assert.equal(outageOf(error)?.kind, kind, why)
  const circle = new Error('circle')
  circle.cause = circle
  assert.equal(outageOf(circle), undefined)
})

test('An error of SQLite that is no outage stays unchanged', () => {
  const error = sqlite(11)
  assert.equal(sqliteFailure(error), error)
})
