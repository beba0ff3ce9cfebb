import { backUp } from '@acrux/server'
import { evenSizeText } from '@acrux/shared/texts/size-text.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { version } from '../../framework/environment/version.ts'
import { type DataDirFlags, configurationOf, dataDirFlags } from '../data-dir/data-dir.ts'
import {
  type KeyFlags,
  type OutputFlags,
  about,
  aboutKeys,
  directoryArgument,
  jsonFlag,
  keyExitCodes,
  lineOf,
  passphraseFlag,
  printBackup,
  withProgress,
} from './backup.ts'
import { readPassphrase } from './passphrase.ts'

type Flags = DataDirFlags & OutputFlags & KeyFlags & { readonly directory: string; readonly withKeys?: true }

/** `acrux backup create`. */
export const command = defineCommand<Flags>({
  about: `${about}\n${aboutKeys}`,
  arguments: [directoryArgument],
  flags: [
    ...dataDirFlags(),
    jsonFlag,
    {
      flags: '--with-keys',
      description: 'include the master key and the certificate authority, encrypted with a passphrase',
    },
    passphraseFlag,
  ],
  examples: [
    'acrux backup create /backup/acrux --data-dir /var/lib/acrux',
    'acrux backup create /backup/acrux --config /etc/acrux/acrux.yaml --with-keys --passphrase-file /etc/acrux/backup-passphrase',
  ],
  exitCodes: { ...keyExitCodes, 13: 'the data directory cannot be used', 19: 'the object store cannot be used' },
  privateFiles: true,
  run: create,
})

const noKeys =
  'the backup contains no keys: keep a copy of master.key and tls/ from the data directory, separately from the backup'

async function create({ directory, ...flags }: Flags, context: CommandContext): Promise<void> {
  const configuration = await configurationOf(flags)
  if (configuration.database.url !== undefined) throw notOfPostgres()
  const passphrase = flags.withKeys === true ? await readPassphrase(flags.passphraseFile, true) : undefined
  const backup = await withProgress(context, (onProgress) =>
    backUp(configuration, { directory, passphrase, acrux: version, onProgress }),
  )
  for (const { digest, problem } of backup.damaged) {
    context.log.error(
      `the blob ${digest} is ${problem} on the server so the backup does not include the blob: run acrux scrub`,
    )
  }
  const { newCount, newSizeBytes } = backup.blobs
  const copied = `; ${newCount} new (${evenSizeText(newSizeBytes)})`
  printBackup(context, flags, backup, [
    `complete: ${lineOf(backup)}${copied}`,
    ...(backup.keysSha256 === null ? [noKeys] : []),
  ])
  if (backup.damaged.length > 0) context.exitWith(1)
}

function notOfPostgres(): StartupError {
  return new StartupError(
    'the rows are in PostgreSQL, which acrux backup does not copy',
    exitCodes.dataDirUnusable,
    'copy the database with pg_dump first, and then the data directory: see docs/how-to/postgresql.md',
  )
}
