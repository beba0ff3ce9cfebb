import {
  type AuditFile,
  exitCodes,
  formatCheckpoint,
  loadConfiguration,
  openAuditFile,
  parseCheckpoint,
} from '@acrux/server'
import { type Command, InvalidArgumentError } from 'commander'
import { explainFailure } from '../startup-failure.ts'
import { faultText } from './fault-text.ts'

const examples = `
Examples:
  acrux audit verify --data-dir /var/lib/acrux
  acrux audit verify --config /etc/acrux/acrux.yaml --expect 210:5f2c...e9

Exit codes: 0 whole; 1 altered, or not what was expected; 2 wrong flag or setting; 13 no log that can be read.
`

/** Where the data directory is, as `acrux serve` is told it. */
type PlaceFlags = { readonly dataDir?: string; readonly config?: string }

/** Adds `acrux audit`. */
export function addAudit(program: Command): void {
  const command = program
    .command('audit')
    .description('read the audit log, and see that nobody altered it')
    .addHelpText('after', examples)
    // 1 is for a log that was altered.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? exitCodes.ok : exitCodes.configuration))
  withPlace(command.command('verify'))
    .description('look at every event and every block of the chain; the server may be running')
    .option(
      '--expect <number:hash>',
      'a checkpoint that an earlier verify printed: nothing up to it may be missing or another',
      requireCheckpoint,
    )
    .action(async (flags: PlaceFlags & { readonly expect?: ReturnType<typeof requireCheckpoint> }) => {
      const log = await openLog(flags)
      const isWhole = await verify(log, flags.expect)
      process.exitCode = isWhole ? exitCodes.ok : exitCodes.unexpected
    })
}

function withPlace(command: Command): Command {
  return command
    .option('--data-dir <directory>', 'the data directory of the server. Variable: ACRUX_DATA_DIR')
    .option('--config <file>', 'the configuration file of the server, which names it. Variable: ACRUX_CONFIG')
}

async function openLog({ dataDir, config }: PlaceFlags): Promise<AuditFile> {
  try {
    const configuration = await loadConfiguration({ flags: { dataDir, config }, env: process.env })
    return await openAuditFile(configuration.dataDir)
  } catch (error) {
    explainFailure(error)
  }
}

function requireCheckpoint(text: string) {
  const checkpoint = parseCheckpoint(text)
  if (checkpoint === undefined) throw new InvalidArgumentError('It is a number, a colon and 64 hexadecimal digits.')
  return checkpoint
}

/** Says what it finds, and gives whether the log is whole. */
async function verify(log: AuditFile, expected: ReturnType<typeof requireCheckpoint> | undefined): Promise<boolean> {
  const report = await log.verify(expected)
  log.close()
  const { faults, faultCount, events, blocks, pending, checkpoint, firstAtMs, lastAtMs } = report
  for (const fault of faults) process.stderr.write(`acrux: ${faultText(fault)}\n`)
  if (faultCount > faults.length) process.stderr.write(`acrux: and ${faultCount - faults.length} faults more\n`)
  const span = firstAtMs === undefined ? '' : `, from ${isoTime(firstAtMs)} to ${isoTime(lastAtMs)}`
  process.stdout.write(`${events} events in ${blocks} blocks${span}\n`)
  if (pending > 0) process.stdout.write(`${pending} events at the end are not in the chain yet\n`)
  if (faultCount > 0) {
    process.stdout.write('the audit log was altered\n')
    return false
  }
  process.stdout.write('the audit log is whole\n')
  if (checkpoint !== undefined) process.stdout.write(`checkpoint ${formatCheckpoint(checkpoint)}\n`)
  return true
}

function isoTime(ms: number | undefined): string {
  return ms === undefined ? 'now' : new Date(ms).toISOString()
}
