import { type AuditFile, formatCheckpoint, parseCheckpoint } from '@acrux/server'
import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { WrongUsageError } from '../../framework/command/failure.ts'
import { type DataDirFlags, dataDirFlags } from '../data-dir/data-dir.ts'
import { faultText } from './fault-text.ts'
import { logExitCodes, onLog } from './on-log.ts'

type Flags = DataDirFlags & { readonly expect?: ReturnType<typeof requireCheckpoint> }

/** `acrux audit verify`. */
export const command = defineCommand<Flags>({
  flags: [
    ...dataDirFlags(),
    {
      flags: '--expect <number:hash>',
      description:
        'a checkpoint that an earlier run of this command printed; all blocks up to the checkpoint must be present and unchanged',
      parse: requireCheckpoint,
    },
  ],
  examples: [
    'acrux audit verify --data-dir /var/lib/acrux',
    'acrux audit verify --config /etc/acrux/acrux.yaml --expect 210:5f2c...e9',
  ],
  exitCodes: {
    0: 'the log is intact',
    1: 'the log was altered, or does not match the checkpoint',
    ...logExitCodes,
  },
  run: (flags, context) => onLog(flags, (log) => verify(log, flags.expect, context)),
})

function requireCheckpoint(text: string) {
  const checkpoint = parseCheckpoint(text)
  if (checkpoint === undefined)
    throw new WrongUsageError('The value must be a number, a colon and 64 hexadecimal digits.')
  return checkpoint
}

/** Prints the report. The exit code is 1 if the log was altered. */
async function verify(log: AuditFile, expected: Flags['expect'], context: CommandContext): Promise<void> {
  const { print, exitWith } = context
  const report = await log.verify(expected)
  const { faults, faultCount, events, blocks, pending, checkpoint, firstAtMs, lastAtMs } = report
  for (const fault of faults) context.log.error(faultText(fault))
  if (faultCount > faults.length) context.log.error(`and ${faultCount - faults.length} more faults`)
  const span = firstAtMs === undefined ? '' : `, from ${isoTime(firstAtMs)} to ${isoTime(lastAtMs)}`
  print(`${events} events in ${blocks} blocks${span}\n`)
  if (pending > 0) print(`${pending} of the newest events are not in the chain yet\n`)
  if (faultCount > 0) {
    print('the audit log was altered\n')
    context.log.notice(
      'keep a copy of the data directory, and compare the events with the events of a backup or a webhook',
    )
    exitWith(1)
    return
  }
  print('the audit log is intact\n')
  if (checkpoint !== undefined) print(`checkpoint ${formatCheckpoint(checkpoint)}\n`)
}

function isoTime(ms: number | undefined): string {
  return ms === undefined ? 'now' : new Date(ms).toISOString()
}
