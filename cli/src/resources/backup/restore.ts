import { openBackupFolder, requireEmpty, restoreTo } from '@acrux/server'
import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { type DataDirFlags, configurationOf, dataDirFlags } from '../data-dir/data-dir.ts'
import {
  type KeyFlags,
  type OutputFlags,
  directoryArgument,
  idFlag,
  jsonFlag,
  keyExitCodes,
  lineOf,
  passphraseFlag,
  printBackup,
  withProgress,
} from './backup.ts'
import { inspect } from './stored.ts'

type Flags = OutputFlags &
  KeyFlags &
  DataDirFlags & {
    readonly directory: string
    readonly id?: string
    readonly dryRun?: true
    readonly withoutKeys?: true
    readonly skipDamaged?: true
  }

/** `acrux backup restore`. */
export const command = defineCommand<Flags>({
  arguments: [directoryArgument],
  flags: [
    ...dataDirFlags(),
    jsonFlag,
    idFlag,
    { flags: '--dry-run', description: 'only verify the backup and the data directory' },
    { flags: '--without-keys', description: 'do not restore the keys that the backup contains' },
    { flags: '--skip-damaged', description: 'skip missing and corrupt blobs' },
    passphraseFlag,
  ],
  examples: [
    'acrux backup restore /backup/acrux --data-dir /var/lib/acrux-new --dry-run',
    'pass show acrux | acrux backup restore /backup/acrux --data-dir /var/lib/acrux-new --passphrase-file -',
  ],
  exitCodes: {
    ...keyExitCodes,
    12: 'a running server uses the data directory',
    13: 'the data directory cannot be used or is not empty',
    19: 'the object store cannot be used',
  },
  privateFiles: true,
  run: restore,
})

async function restore({ directory, ...flags }: Flags, context: CommandContext): Promise<void> {
  const configuration = await configurationOf(flags)
  const { dataDir } = configuration
  const folder = await openBackupFolder(directory)
  const backup = await folder.find(flags.id)
  await requireEmpty(dataDir)
  const isToDecrypt = backup.keysSha256 !== null && flags.withoutKeys !== true
  const { keys, report } = await inspect(context, { folder, backup }, flags, isToDecrypt)
  const isUsable = report.problems.length === 0 && (report.damaged.length === 0 || flags.skipDamaged === true)
  if (!isUsable || flags.dryRun === true) {
    const outcome = isUsable ? `would be restored to ${dataDir}` : 'cannot be restored'
    printBackup(context, flags, { ...report, dryRun: flags.dryRun === true, dataDir }, [
      `${outcome}: ${lineOf(backup)}`,
    ])
    if (!isUsable) context.exitWith(1)
    return
  }
  const skipDamaged = flags.skipDamaged === true
  const restored = await withProgress(context, (onProgress) =>
    restoreTo(configuration, { folder, backup, keys, skipDamaged, onProgress }),
  )
  const result = { ...report, ...restored, dryRun: false, dataDir, keysRestored: keys !== undefined }
  printBackup(context, flags, result, [
    `restored to ${dataDir}: ${lineOf(backup)}`,
    ...(keys === undefined ? keysToBring(dataDir) : after),
  ])
  if (restored.skipped.length > 0) context.exitWith(1)
}

const after = [
  'The backup also restores access that was revoked after the backup, and deleted content. Revoke this access again before clients connect to the server.',
]

function keysToBring(dataDir: string): string[] {
  return [
    `The keys were not restored. Before you start the server, copy master.key of the original server to ${dataDir}/master.key (mode 0600).`,
    'The server does not start without the key.',
    'The key encrypts the signing keys, the passwords of admin accounts, the second factors and the secrets of webhooks.',
    `If the server created its own certificate, also copy the directory tls/ to ${dataDir}/tls. Without the directory, clients must trust a new certificate authority.`,
    ...after,
  ]
}
