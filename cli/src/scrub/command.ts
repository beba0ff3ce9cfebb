import { exitCodes, type Finding, type ScrubProgress, scrubDataDir } from '@acrux/server'
import type { Command } from 'commander'
import { requireSignedInAt } from '../az.ts'
import { type DataDirFlags, configurationOf, withDataDir } from '../data-dir-flags.ts'
import { type HelpText, withHelp } from '../help-text.ts'
import { explainFailure } from '../startup-failure.ts'
import { exitOnWrongUsage } from '../wrong-usage.ts'
import { findingText } from './finding-text.ts'
import { createProgressDisplay, type ProgressDisplay } from './progress-display.ts'
import { scrubServer } from './server-scrub.ts'

const about = `
The command reads all stored bytes. It checks that each blob has a file and a row, that the bytes match their digests,
that everything that a manifest refers to exists, and that the audit log was not altered.

With --data-dir or --config, it reads the data directory of a stopped server. With --server, it starts the scrub on a
running server through az, as the principal that az is signed in as. This requires the action Acrux.Server/scrub/action.

Without --repair, nothing changes. With --repair, corrupt and missing content is quarantined: the registry reports it as
unknown, and the next push of the same content replaces it. Files without a row are removed if they are older than
gc.leaseSeconds. Open uploads are never changed.`

const help: HelpText = {
  about,
  examples: [
    'acrux scrub --data-dir /var/lib/acrux',
    'acrux scrub --config /etc/acrux/acrux.yaml --repair',
    'acrux scrub --server https://registry.example.com --json > report.json',
  ],
  exitCodes: {
    0: 'no problems, or --repair removed all of them',
    1: 'problems were found',
    2: 'wrong option or setting',
    3: 'az failed, or the server could not complete the scrub',
    12: 'a running server uses the data directory',
    13: 'the data directory or its database cannot be used',
    14: 'the master key cannot be read',
    16: 'the database was written by a newer version',
  },
}

type ScrubFlags = DataDirFlags & {
  readonly server?: string
  readonly repair: boolean
  readonly json: boolean
}

/** Adds `acrux scrub`. */
export function addScrub(program: Command): void {
  const command = withDataDir(exitOnWrongUsage(program.command('scrub')), 'the data directory of a stopped server')
    .description('verify all stored content, and quarantine corrupt content')
    .option('--server <url>', 'scrub a running server that az is signed in to, instead of a data directory')
    .option('--repair', 'quarantine corrupt content and remove old files without a row', false)
    .option('--json', 'print the report as JSON', false)
    .action(runScrub)
  withHelp(command, help)
}

async function runScrub(flags: ScrubFlags, command: Command): Promise<void> {
  const { server, dataDir, config, repair, json } = flags
  if (server !== undefined && (dataDir !== undefined || config !== undefined)) {
    command.error('error: --server cannot be combined with --data-dir or --config')
  }
  const display = createProgressDisplay(process.stderr)
  const report = server === undefined ? await scrubStopped(flags, display) : await scrubRunning(server, repair, display)
  display.end()
  if (json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
  else printReport(report)
  const isSound = report.findingCount === report.findings.filter(isGone).length
  process.exitCode = isSound ? exitCodes.ok : exitCodes.unexpected
}

/** A removed file is no longer a problem. Quarantined content is one until it is pushed again. */
function isGone({ kind, repaired }: Finding): boolean {
  return kind === 'file-without-row' && repaired
}

async function scrubStopped(flags: ScrubFlags, display: ProgressDisplay): Promise<ScrubProgress> {
  try {
    return await scrubDataDir(await configurationOf(flags), { repair: flags.repair, onProgress: display.show })
  } catch (error) {
    display.end()
    return explainFailure(error)
  }
}

function scrubRunning(server: string, repair: boolean, display: ProgressDisplay): Promise<ScrubProgress> {
  requireSignedInAt(server)
  return scrubServer(repair, display.show)
}

function printReport({ counts, findings, findingCount }: ScrubProgress): void {
  for (const finding of findings) process.stdout.write(`${findingText(finding)}\n`)
  if (findingCount > findings.length) process.stdout.write(`${findingCount - findings.length} more problems\n`)
  process.stdout.write(
    `checked ${counts.blobs} blobs (${counts.bytes} bytes), ${counts.manifests} manifests, ${counts.files} files, ${counts.auditEvents} audit events\n`,
  )
  process.stdout.write(findingCount === 0 ? 'no problems found\n' : `problems found: ${findingCount}\n`)
}
