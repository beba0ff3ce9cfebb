import { type MoveProgress, type Relocated, measureRelocation, relocateDataDir } from '@acrux/server'
import { evenSizeText } from '@acrux/shared/texts/size-text.ts'
import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { createProgressBar, createProgressLines } from '../../framework/terminal/progress-bar.ts'
import { type DataDirFlags, configurationOf, dataDirFlags } from '../data-dir/data-dir.ts'
import { settingsText, targetFlags, targetOf } from './target-flags.ts'

const about = `
The command moves the database rows of a server to PostgreSQL, and the blobs to Azure Blob Storage or S3. You can also
move only the rows, only the blobs, or rows and blobs back to the data directory. The server can be running. The server
accepts changes until the last step, in which the command copies the latest changes. After the last step, the server
serves pulls and issues tokens, but rejects changes with status 503. Restart the server with the new settings.

The command verifies the digest of every copied blob, and compares every table row by row. The targets must be empty.
The command does not delete the original rows and blobs. If the command is interrupted, run the command again with the
same options.

The keys and certificates stay in the data directory. Like acrux serve, the command reads passwords from files or from
the output of a command. Credentials of object stores can also be in environment variables.`

type Flags = DataDirFlags & { readonly dryRun?: true; readonly json?: true } & Readonly<Record<string, unknown>>

/** `acrux migrate`. */
export const command = defineCommand<Flags>({
  about,
  examples: [
    'acrux migrate --config /etc/acrux/acrux.yaml --to-database postgres://acrux@db.example.com/acrux --to-database-password-file /etc/acrux/database.password --dry-run',
    'acrux migrate --config /etc/acrux/acrux.yaml --to-storage s3 --to-storage-s3-bucket contoso-registry',
    'acrux migrate --config /etc/acrux/acrux.yaml --to-database sqlite --to-storage filesystem',
  ],
  exitCodes: {
    0: 'all selected rows and blobs were moved and verified',
    1: 'unexpected error',
    2: 'wrong option or setting, or the target is not empty',
    12: 'the running server cannot be reached',
    13: 'the data directory or the database cannot be used, or a blob is corrupt',
    14: 'the master key cannot be read',
    16: 'a newer version changed the database, and this version does not support the change',
    18: 'the PostgreSQL server cannot be reached, or cannot be used',
    19: 'the object store cannot be used',
  },
  flags: [
    ...dataDirFlags(),
    ...targetFlags,
    { flags: '--dry-run', description: 'only count the rows and blobs to move' },
    { flags: '--json', description: 'print the result as JSON' },
  ],
  privateFiles: true,
  run: migrate,
})

async function migrate(flags: Flags, context: CommandContext): Promise<void> {
  const source = await configurationOf(flags)
  const to = await targetOf(source, flags)
  if (flags.dryRun === true) {
    const size = await measureRelocation(source, to)
    const rows = Object.values(size.rows).reduce((sum, count) => sum + count, 0)
    return print(context, flags, { dryRun: true, ...size }, [
      ...(to.movesRows ? [`would move ${Object.keys(size.rows).length} tables with ${rows} rows`] : []),
      ...(to.movesBlobs ? [`would move ${blobsText(size.blobs)}`] : []),
    ])
  }
  const { isTTY } = process.stderr
  const bar = isTTY ? createProgressBar(process.stderr) : createProgressLines(process.stderr)
  const onPause = () => {
    bar.end()
    context.log.notice('last step: the server accepts no changes until you restart the server')
  }
  const relocated = await relocateDataDir(source, to, {
    onPause,
    onProgress: (progress) => show(bar, progress),
  }).finally(bar.end)
  print(context, flags, { dryRun: false, ...relocated }, [...outcome(relocated), ...nextSteps(relocated, flags)])
}

function show(bar: { show: (share: number, text: string) => void }, { step, round, done, total }: MoveProgress): void {
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const amount = step === 'blobs' ? `${evenSizeText(done)} of ${evenSizeText(total)}` : `${done} of ${total}`
  bar.show(share, `${step}, ${round === 'final' ? 'last step' : `round ${round}`}: ${amount}`)
}

function outcome({ moved }: Relocated): string[] {
  if (moved === undefined) return ['the interrupted last step was completed']
  const tables = Object.values(moved.tables)
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  return [
    ...(tables.length > 0
      ? [`moved ${tables.length} tables with ${rows} rows: all copied rows match the original rows`]
      : []),
    ...(moved.blobs.count > 0 ? [`moved ${blobsText(moved.blobs)}: all copied blobs match their digests`] : []),
  ]
}

function nextSteps({ wasRunning, moved }: Relocated, flags: Flags): string[] {
  const paused = moved === undefined ? '' : ` The last step took ${(moved.pausedMs / 1000).toFixed(1)} s.`
  return [
    ...(wasRunning ? [`The running server accepts no changes until you restart the server.${paused}`] : []),
    `Replace these settings, and then ${wasRunning ? 'restart' : 'start'} the server:`,
    '',
    settingsText(flags),
  ]
}

function blobsText({ count, sizeBytes }: { readonly count: number; readonly sizeBytes: number }): string {
  return `${count} blobs (${evenSizeText(sizeBytes)})`
}

function print(context: CommandContext, { json }: Flags, result: unknown, lines: readonly string[]): void {
  const text = json === true ? JSON.stringify(result, undefined, 2) : lines.join('\n')
  context.print(`${text}\n`)
}
