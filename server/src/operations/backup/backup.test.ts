import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { sql } from 'kysely'
import { auditMigrations, createAudit, createAuditChain, sealFirstHead } from '../../audit/index.ts'
import { blobDirectoryIn, blobMarkFileIn, databaseFileIn, masterKeyFileIn } from '../../platform/files/data-dir.ts'
import { signingKeyMigrations } from '../../platform/keys/migrations.ts'
import { ensureMasterKeyFile, sealerOfKey } from '../../platform/keys/sealing.ts'
import { migrate } from '../../platform/sql/migrations.ts'
import { openSqliteDatabase } from '../../platform/sql/sqlite-database.ts'
import { registryMigrations } from '../../registry/index.ts'
import {
  blobFile,
  BlobMissingError,
  type BlobStore,
  createFilesystemBlobStore,
  markFiles,
  readFilesMark,
  requireLocation,
} from '../../storage/index.ts'
import { openBackupFolder } from './backup-folder.ts'
import { type CreateOptions, createBackup } from './create.ts'
import type { Backup } from './model.ts'
import { restoreBackup } from './restore.ts'
import { readBackupKeys, verifyBackup } from './verify.ts'

const passphrase = 'seven words that nobody else would say'
const clock = { now: () => 1000 }

type BlobRow = { digest: string; location: string; size_bytes: number; created_at_ms: number }

/** A data directory with blobs and three blocks of the audit log, and what makes its backups. */
async function open(t: TestContext) {
  const root = await mkdtemp(path.join(tmpdir(), 'acrux-backup-'))
  t.after(() => rm(root, { recursive: true }))
  const [dataDir, directory, target] = ['data', 'backups', 'target'].map((name) => path.join(root, name)) as [
    string,
    string,
    string,
  ]
  await mkdir(dataDir)
  const sealer = sealerOfKey(await ensureMasterKeyFile(masterKeyFileIn(dataDir)))
  const database = await openSqliteDatabase(databaseFileIn(dataDir))
  t.after(() => database.close())
  await migrate(database, [...auditMigrations, ...signingKeyMigrations, ...registryMigrations], 0)
  await database.transaction((transaction) => sealFirstHead(transaction, sealer))
  const chain = createAuditChain({ database, sealer, clock })
  for (const name of ['one', 'two', 'three']) {
    const bytes = randomBytes(5000)
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    const location = requireLocation(`${digest}.${randomBytes(12).toString('hex')}`)
    const file = blobFile(blobDirectoryIn(dataDir), location)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, bytes)
    const row: BlobRow = { digest, location, size_bytes: bytes.length, created_at_ms: 0 }
    await database.transaction((transaction) =>
      transaction.tables<{ blob: BlobRow }>().insertInto('blob').values(row).execute(),
    )
    await createAudit({ database, clock }).append({
      action: 'test',
      outcome: 'success',
      actor: { kind: 'system', id: 'acrux' },
      target: name,
      origin: { correlationId: 'c', remoteAddress: '', userAgent: undefined },
    })
    await chain.extend()
  }
  const change = (statement: string) =>
    database.transaction((transaction) => sql.raw(statement).execute(transaction.tables()))
  const backUp = (withPassphrase?: string, blobs?: CreateOptions['blobs']) =>
    createBackup({ dataDir, directory, passphrase: withPassphrase, acrux: '1.2.3', blobs })
  const folder = () => openBackupFolder(directory)
  const digests = async () =>
    (await database.tables<{ blob: BlobRow }>().selectFrom('blob').select('digest').execute()).map(
      ({ digest }) => digest,
    )
  /** The problems that a verification finds, and the blobs that are damaged. */
  const verify = async (backup: Backup) => {
    const keys = backup.keysSha256 === null ? undefined : await readBackupKeys(await folder(), backup, passphrase)
    const { problems, damaged } = await verifyBackup(await folder(), backup, { keys })
    return { problems, damaged }
  }
  const restore = async (backup: Backup) =>
    restoreBackup({ folder: await folder(), backup, dataDir: target, keys: undefined, skipDamaged: false })
  return { dataDir, directory, target, change, backUp, folder, digests, verify, restore }
}

const sound = { problems: [], damaged: [] }

test('a blob of another size in the directory of backups is copied again', async (t) => {
  const { backUp, folder, digests, verify, restore } = await open(t)
  await backUp()
  const [short = '', long = ''] = await digests()
  const { blobFile: inPool } = await folder()
  await truncate(inPool(short), 10)
  await writeFile(inPool(long), randomBytes(9000))
  const backup = await backUp()
  assert.equal(backup.blobs.newCount, 2)
  assert.deepEqual(await verify(backup), sound)
  assert.equal((await stat(inPool(short))).size, 5000)
  assert.equal((await restore(backup)).blobs, 3)
})

test('blobs that are elsewhere are not missing in a backup: the backup fails, and can be repeated', async (t) => {
  const { dataDir, backUp, folder, verify } = await open(t)
  const blobs = blobDirectoryIn(dataDir)
  await writeFile(blobMarkFileIn(dataDir), await markFiles(blobs))
  await rename(blobs, `${blobs}.away`)
  await assert.rejects(backUp(), /the blobs of the server cannot be read/)
  assert.ok(!existsSync(blobs))
  assert.deepEqual(await (await folder()).list(), [])
  await rename(`${blobs}.away`, blobs)
  assert.deepEqual(await verify(await backUp()), sound)
})

test('a blob that the store does not find once is in the backup', async (t) => {
  const { dataDir, backUp, verify } = await open(t)
  const files = await createFilesystemBlobStore(blobDirectoryIn(dataDir))
  const asked = new Set<string>()
  const read: BlobStore['read'] = async (location) => {
    if (asked.has(location)) return files.read(location)
    asked.add(location)
    throw new BlobMissingError('not found')
  }
  const backup = await backUp(undefined, { read, requireSelf: async () => undefined })
  assert.equal(asked.size, 3)
  assert.deepEqual([backup.damaged, await verify(backup)], [[], sound])
})

test('a directory of backups that disappears makes no blob missing', async (t) => {
  const { dataDir, directory, backUp } = await open(t)
  const files = await createFilesystemBlobStore(blobDirectoryIn(dataDir))
  const read: BlobStore['read'] = async (location) => {
    await rm(directory, { recursive: true, force: true })
    return files.read(location)
  }
  await assert.rejects(backUp(undefined, { read, requireSelf: async () => undefined }), { code: 'ENOENT' })
})

test('a restored directory of blobs has a mark', async (t) => {
  const { target, backUp, restore } = await open(t)
  await restore(await backUp())
  assert.notEqual(await readFilesMark(blobDirectoryIn(target)), undefined)
})

test('a database that lacks rows of the description is not restored', async (t) => {
  const { backUp, restore, target } = await open(t)
  const backup = await backUp()
  const { database } = backup
  for (const [table, count] of Object.entries({ blob: 4, audit_event: 2, another: 1 })) {
    const other = { ...backup, database: { ...database, rows: { ...database.rows, [table]: count } } }
    await assert.rejects(restore(other), { message: `the database of the backup ${backup.id} is corrupt` }, table)
    assert.ok(!existsSync(databaseFileIn(target)))
  }
  assert.equal((await restore(backup)).blobs, 3)
})

test('a cut end of the audit log is found in a backup with its keys', async (t) => {
  const { backUp, change, verify } = await open(t)
  assert.deepEqual(await verify(await backUp(passphrase)), sound)
  await change('delete from audit_block where number > 2')
  await change(`delete from audit_event where target = 'three'`)
  const { problems } = await verify(await backUp(passphrase))
  assert.deepEqual(problems, ['the audit log was altered: 1 faults'])
})
