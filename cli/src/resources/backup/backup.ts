import type { Backup, OnProgress } from '@acrux/server'
import { evenSizeText } from '@acrux/shared/texts/size-text.ts'
import type { ArgumentDescription, FlagDescription } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'

/** What a backup is. */
export const about = `
DIRECTORY can contain any number of backups of one server. The command does not copy blobs that earlier backups
contain. A backup is a snapshot of the database and of every blob that the snapshot refers to. The server may be
running.`

/** What happens to the keys of a server. */
export const aboutKeys = `
Without --with-keys, a backup contains no keys. To restore a backup without keys, you need master.key of the data
directory, and tls/ if the server created its own certificate. With --with-keys, the backup includes the keys, encrypted
with a passphrase.`

/** The exit codes that all commands share. */
export const sharedExitCodes = {
  0: 'success',
  1: 'content is missing or corrupt',
  2: 'wrong option, setting or passphrase file',
  17: 'the backup directory cannot be used, or does not contain the backup',
}

/** The exit codes of commands that read keys. */
export const keyExitCodes = { ...sharedExitCodes, 14: 'the keys cannot be read or decrypted' }

/** The option for the result as JSON. */
export type OutputFlags = { readonly json?: true }

/** The option for the passphrase of the keys. */
export type KeyFlags = { readonly passphraseFile?: string }

/** The argument of all commands. */
export const directoryArgument: ArgumentDescription = {
  name: '<directory>',
  description: 'the directory that contains the backups',
}

/** Describes {@link OutputFlags}. */
export const jsonFlag: FlagDescription = { flags: '--json', description: 'print the result as JSON' }

/** Describes {@link KeyFlags} of commands that need the passphrase. */
export const passphraseFlag: FlagDescription = {
  flags: '--passphrase-file <file>',
  description: 'read the passphrase from this file; - for stdin. Default: ask for the passphrase on the terminal',
}

/** The option that selects a backup. */
export const idFlag: FlagDescription = {
  flags: '--id <id>',
  description: 'the id of the backup. Default: the newest',
}

/** Runs a long operation and shows its progress. */
export async function withProgress<Result>(
  context: CommandContext,
  work: (onProgress: OnProgress) => Promise<Result>,
): Promise<Result> {
  const bar = context.progress()
  try {
    return await work(({ step, doneBytes, totalBytes }) => {
      const share = totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes)
      bar.show(share, `${step}: ${evenSizeText(doneBytes)} of ${evenSizeText(totalBytes)}`)
    })
  } finally {
    bar.end()
  }
}

/** Prints the result as text, or as JSON with `--json`. */
export function printBackup(
  context: CommandContext,
  { json }: OutputFlags,
  result: unknown,
  lines: readonly string[],
): void {
  const text = json === true ? [JSON.stringify(result, undefined, 2)] : lines
  for (const line of text) context.print(`${line}\n`)
}

/** {@link Backup} in one line. */
export function lineOf({ id, takenAt, blobs, keysSha256, damaged }: Backup): string {
  const bad = damaged.length === 0 ? '' : `, ${damaged.length} missing or corrupt`
  const keys = keysSha256 === null ? 'without keys' : 'with keys'
  return `${id}  ${takenAt}  ${blobs.count} blobs (${evenSizeText(blobs.sizeBytes)}${bad})  ${keys}`
}
