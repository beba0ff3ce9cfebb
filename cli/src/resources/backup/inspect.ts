import { type Backup, type openBackupFolder, readBackupKeys, verifyBackup } from '@acrux/server'
import type { CommandContext } from '../../framework/command/context.ts'
import { terminalLine } from '../../framework/terminal/terminal-text.ts'
import { readPassphrase } from './passphrase.ts'
import { type KeyFlags, withProgress } from './shared.ts'

const cannotAuthenticate = 'the backup contains no keys, so the passphrase cannot authenticate it'

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
  for (const line of wrong) context.log.error(terminalLine(line))
  return { keys, report }
}
