import { openBackupFolder } from '@acrux/server'
import { defineCommand } from '../../framework/command/command.ts'
import { type OutputFlags, directoryArgument, jsonFlag, lineOf, printBackup } from './shared.ts'

/** `acrux backup list`. */
export const command = defineCommand<OutputFlags & { readonly directory: string }>({
  arguments: [directoryArgument],
  flags: [jsonFlag],
  examples: ['acrux backup list /backup/acrux', 'acrux backup list /backup/acrux --json'],
  exitCodes: { 0: 'success', 2: 'wrong option', 17: 'the backup directory cannot be used' },
  prints: 'itself',
  run: async ({ directory, ...flags }, context) => {
    const backups = await (await openBackupFolder(directory)).list()
    printBackup(context, flags, backups, backups.map(lineOf))
  },
})
