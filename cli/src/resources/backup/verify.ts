import { openBackupFolder } from '@acrux/server'
import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { inspect } from './inspect.ts'
import {
  type KeyFlags,
  type OutputFlags,
  directoryArgument,
  idFlag,
  jsonFlag,
  keyExitCodes,
  lineOf,
  printBackup,
} from './shared.ts'

type Flags = OutputFlags & KeyFlags & { readonly directory: string; readonly id?: string }

/** `acrux backup verify`. */
export const command = defineCommand<Flags>({
  arguments: [directoryArgument],
  flags: [
    jsonFlag,
    idFlag,
    {
      flags: '--passphrase-file <file>',
      description: 'also decrypt the keys, and authenticate the database with them; - for stdin',
    },
  ],
  examples: [
    'acrux backup verify /backup/acrux',
    'pass show acrux | acrux backup verify /backup/acrux --passphrase-file -',
  ],
  exitCodes: keyExitCodes,
  prints: 'itself',
  privateFiles: true,
  run: verify,
})

async function verify({ directory, ...flags }: Flags, context: CommandContext): Promise<void> {
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
  context.log.notice('run acrux scrub on the server, and create another backup; acrux backup list shows the others')
  context.exitWith(1)
}
