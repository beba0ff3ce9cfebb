import { systemErrorCode } from '@acrux/server/plain-reason'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  type AuditEventDocument,
  type AuditFile,
  exitCodes,
  formatCheckpoint,
  openAuditFile,
  parseCheckpoint,
} from '@acrux/server'
import { type Command, InvalidArgumentError } from 'commander'
import { type DataDirFlags, configurationOf, withDataDir } from '../data-dir-flags.ts'
import { withHelp } from '../help-text.ts'
import { explainFailure } from '../startup-failure.ts'
import { terminalLine } from '../terminal-text.ts'
import { exitOnWrongUsage } from '../wrong-usage.ts'
import { faultText } from './fault-text.ts'
import { type FilterFlags, filterOf, withFilter } from './filter-flags.ts'
import { type ServerFlags, newestOnServer } from './server-log.ts'

const about = `
These commands read the data directory, also while the server is running. With --server or -n, list asks a running
server through az, as the principal that az is signed in as.`

const fileExitCodes = {
  2: 'wrong option or setting',
  13: 'the audit log cannot be read',
  14: 'the master key cannot be read',
}

const verifyExitCodes = { 0: 'the log is intact', 1: 'the log was altered, or does not match the checkpoint' }

type VerifyFlags = DataDirFlags & { readonly expect?: ReturnType<typeof requireCheckpoint> }

/** Adds `acrux audit`. */
export function addAudit(program: Command): void {
  const command = exitOnWrongUsage(program.command('audit')).description('read the audit log, and verify its integrity')
  withHelp(command, {
    about,
    examples: [
      'acrux audit verify --data-dir /var/lib/acrux',
      'acrux audit list --data-dir /var/lib/acrux --outcome refused',
      'acrux audit export --data-dir /var/lib/acrux > events.jsonl',
    ],
    exitCodes: { ...verifyExitCodes, 0: 'success; verify: the log is intact', 3: 'az failed', ...fileExitCodes },
  })
  addVerify(command)
  addList(command)
  addExport(command)
}

function addVerify(audit: Command): void {
  const command = withDataDir(audit.command('verify'))
    .description('verify every event and every block of the hash chain')
    .option(
      '--expect <number:hash>',
      'a checkpoint that an earlier verify printed; everything up to it must be present and unchanged',
      requireCheckpoint,
    )
    .action((flags: VerifyFlags) => onLog(flags, (log) => verify(log, flags.expect)))
  withHelp(command, {
    examples: [
      'acrux audit verify --data-dir /var/lib/acrux',
      'acrux audit verify --config /etc/acrux/acrux.yaml --expect 210:5f2c...e9',
    ],
    exitCodes: { ...verifyExitCodes, ...fileExitCodes },
  })
}

function addList(audit: Command): void {
  const command = withFilter(withDataDir(audit.command('list')))
    .description('print events, one per line, newest first')
    .option('--limit <number>', 'the maximum number of events', requireLimit, 20)
    .option('--server <url>', 'ask the server that az is signed in to, instead of reading a data directory')
    .option('-n, --name <registry>', 'ask that server for the log of one registry')
    .action(list)
  withHelp(command, {
    about: `
Each line has the time, outcome, action, actor, target, reason and correlation id.`,
    examples: [
      'acrux audit list --data-dir /var/lib/acrux --outcome refused --limit 50',
      'acrux audit list --data-dir /var/lib/acrux --correlation-id 019ab7c0-6f0e-7c51-9d44-0a8f6f8f2f11',
      'acrux audit list --server https://registry.example.com --principal 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11',
      'acrux audit list -n contoso --action token.issue --from 2026-11-24',
    ],
    exitCodes: { 0: 'success', 3: 'az failed', ...fileExitCodes },
  })
}

function addExport(audit: Command): void {
  const command = withFilter(withDataDir(audit.command('export')))
    .description('write events as JSON, one per line, oldest first')
    .action((flags: DataDirFlags & FilterFlags) => onLog(flags, (log) => exportAll(log, flags)))
  withHelp(command, {
    examples: [
      'acrux audit export --data-dir /var/lib/acrux > events.jsonl',
      'acrux audit export --data-dir /var/lib/acrux --from 2026-11-01 --to 2026-11-30T23:59:59Z > november.jsonl',
    ],
    exitCodes: { 0: 'success', ...fileExitCodes },
  })
}

async function onLog(flags: DataDirFlags, work: (log: AuditFile) => Promise<void>): Promise<void> {
  let log: AuditFile
  try {
    log = await openAuditFile((await configurationOf(flags)).dataDir)
  } catch (error) {
    explainFailure(error)
  }
  try {
    await work(log)
  } finally {
    log.close()
  }
}

function requireCheckpoint(text: string) {
  const checkpoint = parseCheckpoint(text)
  if (checkpoint === undefined)
    throw new InvalidArgumentError('It must be a number, a colon and 64 hexadecimal digits.')
  return checkpoint
}

function requireLimit(text: string): number {
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (limit < 1) throw new InvalidArgumentError('It must be a positive integer.')
  return limit
}

/** Prints the report. Exits with 1 if the log was altered. */
async function verify(log: AuditFile, expected: VerifyFlags['expect']): Promise<void> {
  const report = await log.verify(expected)
  const { faults, faultCount, events, blocks, pending, checkpoint, firstAtMs, lastAtMs } = report
  for (const fault of faults) process.stderr.write(`acrux: ${faultText(fault)}\n`)
  if (faultCount > faults.length) process.stderr.write(`acrux: and ${faultCount - faults.length} more faults\n`)
  const span = firstAtMs === undefined ? '' : `, from ${isoTime(firstAtMs)} to ${isoTime(lastAtMs)}`
  process.stdout.write(`${events} events in ${blocks} blocks${span}\n`)
  if (pending > 0) process.stdout.write(`${pending} of the newest events are not in the chain yet\n`)
  if (faultCount > 0) {
    process.stdout.write('the audit log was altered\n')
    process.exitCode = exitCodes.unexpected
    return
  }
  process.stdout.write('the audit log is intact\n')
  if (checkpoint !== undefined) process.stdout.write(`checkpoint ${formatCheckpoint(checkpoint)}\n`)
}

function isoTime(ms: number | undefined): string {
  return ms === undefined ? 'now' : new Date(ms).toISOString()
}

type ListFlags = DataDirFlags & ServerFlags & FilterFlags & { readonly limit: number }

async function list(flags: ListFlags, command: Command): Promise<void> {
  if (flags.server === undefined && flags.name === undefined) {
    return onLog(flags, async (log) => printAll(await log.newest(filterOf(flags), flags.limit)))
  }
  const other = (['dataDir', 'config', 'target'] as const).find((name) => flags[name] !== undefined)
  if (other !== undefined) {
    const flag = { dataDir: '--data-dir', config: '--config', target: '--target' }[other]
    command.error(`error: ${flag} cannot be combined with --server or --name`)
  }
  printAll(newestOnServer(flags, flags))
}

function printAll(events: Iterable<AuditEventDocument>): void {
  for (const event of events) process.stdout.write(`${lineOf(event)}\n`)
}

function lineOf({ eventTimestamp, outcome, action, actor, target, reason, correlationId }: AuditEventDocument): string {
  const who = actor.id === '' ? actor.kind : `${actor.kind}:${actor.id}`
  return terminalLine([eventTimestamp, outcome.padEnd(7), action, who, target, reason ?? '-', correlationId].join('  '))
}

/** Exits silently if the reader closes the pipe. */
async function exportAll(log: AuditFile, flags: FilterFlags): Promise<void> {
  try {
    await pipeline(Readable.from(linesOf(log, flags)), process.stdout)
  } catch (error) {
    if (systemErrorCode(error) !== 'EPIPE') throw error
  }
}

async function* linesOf(log: AuditFile, flags: FilterFlags): AsyncGenerator<string> {
  for await (const event of log.events(filterOf(flags))) yield `${JSON.stringify(event)}\n`
}
