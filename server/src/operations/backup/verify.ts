import { readFile } from 'node:fs/promises'
import { verifyChain } from '../../audit/index.ts'
import { openDataKey } from '../../platform/keys/data-key.ts'
import { localMasterKey } from '../../platform/keys/master-key.ts'
import { forEachOf } from '../../platform/process/for-each-of.ts'
import { SealedValueError, type Sealer, sealerOfKey } from '../../platform/keys/sealing.ts'
import { openSqliteSnapshot } from '../../platform/sql/sqlite-database.ts'
import { listStoredBlobs } from '../../registry/index.ts'
import type { BackupFolder } from './backup-folder.ts'
import { hashFile } from './copy-file.ts'
import { sealContext } from './create.ts'
import { countRows, databaseProblems } from './database-copy.ts'
import { type ServerKeys, decryptKeys } from './keys.ts'
import { type Backup, type BlobProblem, descriptionHash, type OnProgress } from './model.ts'

/** The result of verifying a backup. */
export type BackupReport = {
  readonly id: string
  /** The problems of the whole backup, as sentences. */
  readonly problems: readonly string[]
  /** The blobs that are missing or corrupt in the directory of backups. */
  readonly damaged: readonly BlobProblem[]
  /** The blobs whose files on the server were missing or corrupt when the backup was made. */
  readonly damagedBefore: readonly BlobProblem[]
  readonly blobs: number
  readonly auditEvents: number
  readonly auditBlocks: number
  /** Whether the function verified the seal of the backup, which requires the passphrase. */
  readonly isAuthenticated: boolean
}

const hashesAtATime = 2

/** Reads every byte of a backup and compares the digests. Checks the database, its row counts and the audit log. */
export async function verifyBackup(
  folder: BackupFolder,
  backup: Backup,
  { keys, onProgress = () => undefined }: { readonly keys?: ServerKeys | undefined; readonly onProgress?: OnProgress },
): Promise<BackupReport> {
  const problems = await databaseFaults(folder, backup)
  const sealer = keys && sealerOfKey(keys.masterKey)
  if (sealer !== undefined) problems.push(...sealFaults(backup, sealer))
  const keysSha256 = (await hashFile(folder.keysFile(backup.id), 'sha256')) ?? null
  if (keysSha256 !== backup.keysSha256) problems.push('the file with the encrypted keys is missing or was altered')
  // If a database does not match its hash, the function does not read it further.
  if (problems.length > 0) {
    const nothing = { blobs: 0, auditEvents: 0, auditBlocks: 0, isAuthenticated: false, damaged: [] }
    return { id: backup.id, problems, damagedBefore: backup.damaged, ...nothing }
  }
  const audit = await auditFaults(folder.databaseFile(backup.id), keys)
  const damaged = await blobFaults(folder, backup, onProgress)
  return {
    id: backup.id,
    problems: audit.problems,
    damaged,
    damagedBefore: backup.damaged,
    blobs: backup.blobs.count,
    auditEvents: audit.events,
    auditBlocks: audit.blocks,
    isAuthenticated: sealer !== undefined,
  }
}

/** The keys of a backup. @throws StartupError if the passphrase is wrong */
export async function readBackupKeys(folder: BackupFolder, backup: Backup, passphrase: string): Promise<ServerKeys> {
  return decryptKeys(await readFile(folder.keysFile(backup.id), 'utf8').catch(() => ''), passphrase, backup.id)
}

async function databaseFaults(folder: BackupFolder, { id, database }: Backup): Promise<string[]> {
  const file = folder.databaseFile(id)
  const sha256 = await hashFile(file, 'sha256')
  if (sha256 === undefined) return ['the database is missing']
  if (sha256 !== database.sha256) return ['the database was altered or is corrupt']
  const found = databaseProblems(file)
  if (found.length > 0) return found.map((problem) => `the database is corrupt: ${problem}`)
  const rows = countRows(file)
  const names = new Set([...Object.keys(rows), ...Object.keys(database.rows)])
  const wrong = [...names].filter((name) => rows[name] !== database.rows[name])
  return wrong.map(
    (name) => `the table ${name} has ${rows[name] ?? 'no'} rows instead of ${database.rows[name] ?? 'no'} rows`,
  )
}

/** A backup with keys was always sealed with the master key that is among these keys. */
function sealFaults(backup: Backup, sealer: Sealer): string[] {
  const { id, seal } = backup
  if (seal === null) return ['the seal of the backup was removed']
  try {
    const sealed = sealer.open(Buffer.from(seal, 'base64'), sealContext(id)).toString()
    return sealed === descriptionHash(backup)
      ? []
      : ['the backup differs from the backup that was sealed with the master key']
  } catch (error) {
    if (!(error instanceof SealedValueError)) throw error
    return ['the backup was not sealed with this master key']
  }
}

async function auditFaults(file: string, keys: ServerKeys | undefined) {
  const snapshot = openSqliteSnapshot(file)
  try {
    const masterKey = keys && localMasterKey(keys.masterKey, 'the master key in the backup')
    const sealer = masterKey && sealerOfKey((await openDataKey(snapshot, masterKey)).dataKey)
    const report = await verifyChain({ kind: 'sqlite', tables: snapshot.tables }, sealer)
    const { faultCount, events, blocks } = report
    const problems = faultCount === 0 ? [] : [`the audit log was altered: ${faultCount} faults`]
    return { problems, events, blocks }
  } finally {
    snapshot.close()
  }
}

async function blobFaults(folder: BackupFolder, backup: Backup, onProgress: OnProgress): Promise<BlobProblem[]> {
  const known = new Set(backup.damaged.map(({ digest }) => digest))
  const damaged: BlobProblem[] = []
  let doneBytes = 0
  const snapshot = openSqliteSnapshot(folder.databaseFile(backup.id))
  try {
    await forEachOf(listStoredBlobs(snapshot.tables()), hashesAtATime, async ({ digest }) => {
      const [algorithm = '', hex] = digest.split(':')
      const found = await hashFile(folder.blobFile(digest), algorithm, (count) => {
        doneBytes += count
        onProgress({ step: 'blobs', doneBytes, totalBytes: backup.blobs.sizeBytes })
      })
      if (found === hex || known.has(digest)) return
      damaged.push({ digest, problem: found === undefined ? 'missing' : 'corrupt' })
    })
  } finally {
    snapshot.close()
  }
  return damaged
}
