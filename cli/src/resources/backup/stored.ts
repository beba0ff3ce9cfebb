import { type Backup, openBackupFolder, readBackupKeys, verifyBackup } from '@acrux/server'
import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { terminalLine } from '../../framework/terminal/terminal-text.ts'
import {
  type KeyFlags,
  type OutputFlags,
  directoryArgument,
  idFlag,
  jsonFlag,
  keyExitCodes,
  lineOf,
  printBackup,
  withProgress,
} from './backup.ts'
import { readPassphrase } from './passphrase.ts'

const cannotAuthenticate = 'the backup contains no keys, so the passphrase cannot authenticate the backup'

/** Decrypts the keys of a backup if requested, verifies the backup, and prints its problems to standard error. */
export async function inspect(
  context: CommandContext,
  { folder, backup }: { readonly folder: Awaited<ReturnType<typeof openBackupFolder>>; readonly backup: Backup },
  { passphraseFile }: KeyFlags,
  isToDecrypt: boolean,
) {
  const keys = isToDecrypt
    ? await readBackupKeys(folder, backup, await readPassphrase(passphraseFile, false))
    : undefined
  const verified = await withProgress(context, (onProgress) => verifyBackup(folder, backup, { keys, onProgress }))
  // A passphrase requests authentication. Without this check, a backup without keys would hide an alteration.
  const lacksKeys = passphraseFile !== undefined && backup.keysSha256 === null
  const report = lacksKeys ? { ...verified, problems: [...verified.problems, cannotAuthenticate] } : verified
  const wrong = [
    ...report.problems,
    ...report.damaged.map(({ digest, problem }) => `the blob ${digest} is ${problem}`),
    ...report.damagedBefore.map(
      ({ digest, problem }) => `the blob ${digest} was ${problem} on the server when the backup was created`,
    ),
  ]
  // The backup contains the names, and other users may have altered the backup.
  for (const line of wrong) context.log.error(terminalLine(line))
  return { keys, report }
}

/** `acrux backup list`. */
export const listBackups = defineCommand<OutputFlags & { readonly directory: string }>({
  arguments: [directoryArgument],
  flags: [jsonFlag],
  examples: ['acrux backup list /backup/acrux', 'acrux backup list /backup/acrux --json'],
  exitCodes: { 0: 'success', 2: 'wrong option', 17: 'the backup directory cannot be used' },
  run: async ({ directory, ...flags }, context) => {
    const backups = await (await openBackupFolder(directory)).list()
    printBackup(context, flags, backups, backups.map(lineOf))
  },
})

type VerifyBackupsFlags = OutputFlags & KeyFlags & { readonly directory: string; readonly id?: string }

/** `acrux backup verify`. */
export const verifyBackups = defineCommand<VerifyBackupsFlags>({
  arguments: [directoryArgument],
  flags: [
    jsonFlag,
    idFlag,
    {
      flags: '--passphrase-file <file>',
      description:
        'also decrypt the keys with the passphrase in this file, and authenticate the database with the keys; - for stdin',
    },
  ],
  examples: [
    'acrux backup verify /backup/acrux',
    'pass show acrux | acrux backup verify /backup/acrux --passphrase-file -',
  ],
  exitCodes: keyExitCodes,
  privateFiles: true,
  run: verify,
})

async function verify({ directory, ...flags }: VerifyBackupsFlags, context: CommandContext): Promise<void> {
  const folder = await openBackupFolder(directory)
  const backup = await folder.find(flags.id)
  const isToDecrypt = flags.passphraseFile !== undefined && backup.keysSha256 !== null
  const { report } = await inspect(context, { folder, backup }, flags, isToDecrypt)
  const isWhole = report.problems.length === 0 && report.damaged.length === 0
  const authentic = report.isAuthenticated ? ', authenticated with the master key' : ''
  printBackup(context, flags, report, [
    lineOf(backup),
    `${report.auditEvents} audit events in ${report.auditBlocks} blocks`,
    isWhole ? `the backup is intact${authentic}` : 'the backup is damaged',
  ])
  if (isWhole) return
  context.log.notice(
    'run acrux scrub on the server, and create another backup; acrux backup list shows the other backups',
  )
  context.exitWith(1)
}
