import { type ScrubProgress, scrubDataDir } from '@acrux/server'
import { requireSignedInAt } from '../../clients/arm/az.ts'
import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { WrongUsageError } from '../../framework/command/failure.ts'
import { type DataDirFlags, configurationOf, dataDirFlags } from '../data-dir/data-dir.ts'
import { createProgressDisplay, findingText } from './scrub-text.ts'
import { scrubServer } from './server-scrub.ts'

const about = `
The command reads all stored bytes, and compares the bytes with the digests. The command checks that each blob has a
file and a database row, and that the references of manifests exist. The command also verifies the integrity of the
audit log.

With --data-dir or --config, the command reads the data directory of a stopped server. With --server, the command starts
the scrub on a running server, with the signed-in account. The option --server requires the permission
Acrux.Server/scrub/action.

Without --repair, the command changes nothing. With --repair, the command quarantines corrupt and missing content. The
registry reports quarantined content as unknown, and the next push of this content replaces the quarantined content.
With --repair, the command also removes files without a database row that are older than gc.gracePeriodSeconds. A crash
can leave files without a database row. These files are harmless, and garbage collection also removes the files. The
command never changes open uploads.`

type Flags = DataDirFlags & {
  readonly server?: string
  readonly repair: boolean
  readonly json: boolean
}

/** `acrux scrub`. */
export const command = defineCommand<Flags>({
  about,
  examples: [
    'acrux scrub --data-dir /var/lib/acrux',
    'acrux scrub --config /etc/acrux/acrux.yaml --repair',
    'acrux scrub --server https://registry.example.com --json > report.json',
  ],
  exitCodes: {
    0: 'no problems were found',
    1: 'content or the audit log is corrupt, even after --repair has quarantined the content',
    2: 'wrong option or setting',
    3: 'the request failed, or the server could not complete the scrub',
    4: 'all content is intact, and --repair removed all files without a database row',
    5: 'all content is intact, but files without a database row exist, as after a crash',
    12: 'a running server uses the data directory',
    13: 'the data directory or the database cannot be used',
    14: 'the master key cannot be read',
    16: 'a newer version changed the database, and this version does not support the change',
    19: 'the object store cannot be used',
  },
  flags: [
    ...dataDirFlags('the data directory of a stopped server'),
    {
      flags: '--server <url>',
      description: 'scrub the running server of the signed-in account instead of a data directory',
    },
    {
      flags: '--repair',
      description: 'quarantine corrupt content, and remove old files without a database row',
      default: false,
    },
    { flags: '--json', description: 'print the report as JSON', default: false },
  ],
  run: scrub,
})

async function scrub(flags: Flags, context: CommandContext): Promise<void> {
  const { server, dataDir, config, repair, json } = flags
  if (server !== undefined && (dataDir !== undefined || config !== undefined)) {
    throw new WrongUsageError(
      '--server cannot be combined with --data-dir or --config',
      'use --server for a running server, and --data-dir for a stopped server',
    )
  }
  const display = createProgressDisplay(process.stderr)
  const scrubPlace = async (): Promise<ScrubProgress> => {
    if (server === undefined) return scrubDataDir(await configurationOf(flags), { repair, onProgress: display.show })
    await requireSignedInAt(context, server)
    return scrubServer(context, repair, display.show)
  }
  const report = await scrubPlace().finally(display.end)
  if (json) context.print(`${JSON.stringify(report, undefined, 2)}\n`)
  else context.print(reportText(report))
  if (report.findingCount === 0) return
  const leftovers = report.findings.filter(({ kind }) => kind === 'file-without-row')
  if (leftovers.length < report.findings.length) {
    context.log.notice(
      repair
        ? 'push the quarantined images again to replace the content, or restore a backup'
        : 'run the command with --repair to quarantine corrupt content, so that the next push replaces the content',
    )
    return context.exitWith(1)
  }
  context.log.notice(
    'all content is intact: a crash leaves files without a database row, and garbage collection removes these files',
  )
  context.exitWith(leftovers.every(({ repaired }) => repaired) ? 4 : 5)
}

function reportText({ counts, findings, findingCount }: ScrubProgress): string {
  return [
    ...findings.map(findingText),
    ...(findingCount > findings.length ? [`${findingCount - findings.length} more problems`] : []),
    `checked ${counts.blobs} blobs (${counts.bytes} bytes), ${counts.manifests} manifests, ${counts.files} files, ${counts.auditEvents} audit events`,
    findingCount === 0 ? 'no problems found' : `problems found: ${findingCount}`,
    '',
  ].join('\n')
}
