import {
  type Backup,
  createBackup,
  exitCodes,
  type OnProgress,
  openBackupFolder,
  readBackupKeys,
  requireEmpty,
  restoreBackup,
  verifyBackup,
} from '@acrux/server'
import type { Command } from 'commander'
import { type DataDirFlags, configurationOf, withDataDir } from '../data-dir-flags.ts'
import { withHelp } from '../help-text.ts'
import { createProgressBar, sizeText } from '../progress-bar.ts'
import { explainFailure } from '../startup-failure.ts'
import { terminalLine } from '../terminal-text.ts'
import { version } from '../version.ts'
import { exitOnWrongUsage } from '../wrong-usage.ts'
import { readPassphrase } from './passphrase.ts'

const about = `
DIRECTORY can contain any number of backups of one server. A blob that is already there is not copied again. A backup is
a snapshot of the database and of every blob that the snapshot refers to. The server may be running.`

const aboutKeys = `
Without --with-keys, a backup contains no keys. To restore it, you need master.key from the server's data directory, and
tls/ if the server created its own certificate. With --with-keys, the backup includes them, encrypted with a passphrase.`

const createExample = 'acrux backup create /backup/acrux --data-dir /var/lib/acrux'
const verifyExample = 'acrux backup verify /backup/acrux'
const restoreExample = 'acrux backup restore /backup/acrux --data-dir /var/lib/acrux-new --dry-run'

const sharedExitCodes = {
  0: 'success',
  1: 'content is missing or corrupt',
  2: 'wrong option, setting or passphrase file',
  17: 'the backup directory cannot be used, or does not contain the backup',
}
const keyExitCodes = { ...sharedExitCodes, 14: 'the keys cannot be read or decrypted' }
const dataDirExitCodes = {
  ...keyExitCodes,
  12: 'a running server uses the data directory',
  13: 'the data directory cannot be used or is not empty',
}

type OutputFlags = { readonly json?: true }
type KeyFlags = { readonly passphraseFile?: string }
type CreateFlags = DataDirFlags & OutputFlags & KeyFlags & { readonly withKeys?: true }
type VerifyFlags = OutputFlags & KeyFlags & { readonly id?: string }
type RestoreFlags = VerifyFlags &
  DataDirFlags & { readonly dryRun?: true; readonly withoutKeys?: true; readonly skipDamaged?: true }

/** Adds `acrux backup`. */
export function addBackup(program: Command): void {
  const command = exitOnWrongUsage(program.command('backup')).description(
    'create, verify and restore backups of a server',
  )
  withHelp(command, {
    about: `${about}\n${aboutKeys}`,
    examples: [createExample, 'acrux backup list /backup/acrux', verifyExample, restoreExample],
    exitCodes: dataDirExitCodes,
  })
  addCreate(command)
  addList(command)
  addVerify(command)
  addRestore(command)
}

const passphraseFile = [
  '--passphrase-file <file>',
  'read the passphrase from this file; - for stdin. Default: prompt for it on the terminal',
] as const

const id = ['--id <id>', 'the id of the backup. Default: the newest'] as const

function addCreate(backup: Command): void {
  const command = withJson(withDataDir(add(backup, 'create', 'create a backup, also while the server is running')))
    .option('--with-keys', 'include the master key and the certificate authority, encrypted with a passphrase')
    .option(...passphraseFile)
    .action((directory: string, flags: CreateFlags) => explained(() => create(directory, flags)))
  withHelp(command, {
    about: `${about}\n${aboutKeys}`,
    examples: [
      createExample,
      'acrux backup create /backup/acrux --config /etc/acrux/acrux.yaml --with-keys --passphrase-file /etc/acrux/backup-passphrase',
    ],
    exitCodes: { ...keyExitCodes, 13: 'the data directory cannot be used' },
  })
}

function addList(backup: Command): void {
  const command = withJson(add(backup, 'list', 'list the complete backups, oldest first')).action(
    (directory: string, flags: OutputFlags) => explained(() => list(directory, flags)),
  )
  withHelp(command, {
    examples: ['acrux backup list /backup/acrux', 'acrux backup list /backup/acrux --json'],
    exitCodes: { 0: 'success', 2: 'wrong option', 17: 'the backup directory cannot be used' },
  })
}

function addVerify(backup: Command): void {
  const command = withJson(add(backup, 'verify', 'read every byte of a backup, and compare it with its digest'))
    .option(...id)
    .option('--passphrase-file <file>', 'also decrypt the keys, and authenticate the database with them; - for stdin')
    .action((directory: string, flags: VerifyFlags) => explained(() => verify(directory, flags)))
  withHelp(command, {
    examples: [verifyExample, 'pass show acrux | acrux backup verify /backup/acrux --passphrase-file -'],
    exitCodes: keyExitCodes,
  })
}

function addRestore(backup: Command): void {
  const command = withJson(withDataDir(add(backup, 'restore', 'restore a backup to an empty data directory')))
    .option(...id)
    .option('--dry-run', 'verify the backup and the data directory, and change nothing')
    .option('--without-keys', 'do not restore the keys that the backup contains')
    .option('--skip-damaged', 'skip missing and corrupt blobs, and restore everything else')
    .option(...passphraseFile)
    .action((directory: string, flags: RestoreFlags) => explained(() => restore(directory, flags)))
  withHelp(command, {
    examples: [
      restoreExample,
      'pass show acrux | acrux backup restore /backup/acrux --data-dir /var/lib/acrux-new --passphrase-file -',
    ],
    exitCodes: dataDirExitCodes,
  })
}

function add(command: Command, name: string, description: string): Command {
  return command
    .command(name)
    .description(description)
    .argument('<directory>', 'the directory that contains the backups')
}

function withJson(command: Command): Command {
  return command.option('--json', 'print the result as JSON')
}

async function explained(work: () => Promise<void>): Promise<void> {
  // Only the user that runs the command may read the files that it writes.
  process.umask(0o077)
  await work().catch(explainFailure)
}

/** Runs a long operation and shows its progress. */
async function withProgress<Result>(work: (onProgress: OnProgress) => Promise<Result>): Promise<Result> {
  const bar = createProgressBar(process.stderr)
  try {
    return await work(({ step, doneBytes, totalBytes }) => {
      const share = totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes)
      bar.show(share, `${step}: ${sizeText(doneBytes)} of ${sizeText(totalBytes)}`)
    })
  } finally {
    bar.end()
  }
}

async function create(directory: string, flags: CreateFlags): Promise<void> {
  const { dataDir } = await configurationOf(flags)
  const passphrase = flags.withKeys === true ? await readPassphrase(flags.passphraseFile, true) : undefined
  const backup = await withProgress((onProgress) =>
    createBackup({ dataDir, directory, passphrase, acrux: version, onProgress }),
  )
  for (const { digest, problem } of backup.damaged) {
    process.stderr.write(
      `acrux: the blob ${digest} is ${problem} on the server; the backup does not include it: run acrux scrub\n`,
    )
  }
  const { newCount, newSizeBytes } = backup.blobs
  const copied = `; ${newCount} new (${sizeText(newSizeBytes)})`
  print(flags, backup, [`complete: ${lineOf(backup)}${copied}`, ...(backup.keysSha256 === null ? [noKeys] : [])])
  if (backup.damaged.length > 0) process.exitCode = exitCodes.unexpected
}

const cannotAuthenticate = 'the backup contains no keys, so the passphrase cannot authenticate it'
const noKeys =
  'the backup contains no keys: keep a copy of master.key and tls/ from the data directory in another place'

async function list(directory: string, flags: OutputFlags): Promise<void> {
  const backups = await openBackupFolder(directory).list()
  print(flags, backups, backups.map(lineOf))
}

async function verify(directory: string, flags: VerifyFlags): Promise<void> {
  const folder = openBackupFolder(directory)
  const backup = await folder.find(flags.id)
  const isToDecrypt = flags.passphraseFile !== undefined && backup.keysSha256 !== null
  const { report } = await inspect(folder, backup, flags, isToDecrypt)
  const isWhole = report.problems.length === 0 && report.damaged.length === 0
  const authentic = report.isAuthenticated ? ', authenticated with the master key' : ''
  print(flags, report, [
    lineOf(backup),
    `${report.auditEvents} audit events in ${report.auditBlocks} blocks`,
    isWhole ? `the backup is intact${authentic}` : 'the backup is damaged',
  ])
  if (!isWhole) process.exitCode = exitCodes.unexpected
}

/** Decrypts the keys of a backup if requested, verifies the backup, and prints its problems to standard error. */
async function inspect(
  folder: ReturnType<typeof openBackupFolder>,
  backup: Backup,
  { passphraseFile }: KeyFlags,
  isToDecrypt: boolean,
) {
  const keys = isToDecrypt
    ? await readBackupKeys(folder, backup, await readPassphrase(passphraseFile, false))
    : undefined
  const verified = await withProgress((onProgress) => verifyBackup(folder, backup, { keys, onProgress }))
  // A passphrase requests authentication. Without this check, removing the keys from a backup would hide that it was altered.
  const lacksKeys = passphraseFile !== undefined && backup.keysSha256 === null
  const report = lacksKeys ? { ...verified, problems: [...verified.problems, cannotAuthenticate] } : verified
  const wrong = [
    ...report.problems,
    ...report.damaged.map(({ digest, problem }) => `the blob ${digest} is ${problem}`),
    ...report.damagedBefore.map(
      ({ digest, problem }) => `the blob ${digest} was ${problem} on the server when the backup was created`,
    ),
  ]
  // Names come from the backup, which others may have altered.
  for (const line of wrong) process.stderr.write(`acrux: ${terminalLine(line)}\n`)
  return { keys, report }
}

async function restore(directory: string, flags: RestoreFlags): Promise<void> {
  const { dataDir } = await configurationOf(flags)
  const folder = openBackupFolder(directory)
  const backup = await folder.find(flags.id)
  await requireEmpty(dataDir)
  const isToDecrypt = backup.keysSha256 !== null && flags.withoutKeys !== true
  const { keys, report } = await inspect(folder, backup, flags, isToDecrypt)
  const isUsable = report.problems.length === 0 && (report.damaged.length === 0 || flags.skipDamaged === true)
  if (!isUsable || flags.dryRun === true) {
    const outcome = isUsable ? `would be restored to ${dataDir}` : 'cannot be restored'
    print(flags, { ...report, dryRun: flags.dryRun === true, dataDir }, [`${outcome}: ${lineOf(backup)}`])
    if (!isUsable) process.exitCode = exitCodes.unexpected
    return
  }
  const skipDamaged = flags.skipDamaged === true
  const restored = await withProgress((onProgress) =>
    restoreBackup({ folder, backup, dataDir, keys, skipDamaged, onProgress }),
  )
  const result = { ...report, ...restored, dryRun: false, dataDir, keysRestored: keys !== undefined }
  print(flags, result, [
    `restored to ${dataDir}: ${lineOf(backup)}`,
    ...(keys === undefined ? keysToBring(dataDir) : after),
  ])
  if (restored.skipped.length > 0) process.exitCode = exitCodes.unexpected
}

const after = [
  'The backup also restores what was revoked or deleted after it was created. Revoke it again before clients connect to the server.',
]

function keysToBring(dataDir: string): string[] {
  return [
    `The keys were not restored. Before you start the server, copy master.key of the original server to ${dataDir}/master.key (mode 0600).`,
    'The server does not start without it. It encrypts the signing keys, the passwords of admin accounts, the second factors',
    'and the secrets of webhooks.',
    `If the server created its own certificate, also copy the directory tls/ to ${dataDir}/tls. Without it, clients must trust a new one.`,
    ...after,
  ]
}

function print({ json }: OutputFlags, result: unknown, lines: readonly string[]): void {
  const text = json === true ? [JSON.stringify(result, undefined, 2)] : lines
  for (const line of text) process.stdout.write(`${line}\n`)
}

function lineOf({ id, takenAt, blobs, keysSha256, damaged }: Backup): string {
  const bad = damaged.length === 0 ? '' : `, ${damaged.length} missing or corrupt`
  const keys = keysSha256 === null ? 'without keys' : 'with keys'
  return `${id}  ${takenAt}  ${blobs.count} blobs (${sizeText(blobs.sizeBytes)}${bad})  ${keys}`
}
