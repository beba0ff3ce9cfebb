import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { AuditFile } from '@acrux/server'
import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { defineCommand } from '../../framework/command/command.ts'
import { type DataDirFlags, dataDirFlags } from '../data-dir/data-dir.ts'
import { type FilterFlags, filterFlags, filterOf } from './filter-flags.ts'
import { logExitCodes, onLog } from './on-log.ts'

/** `acrux audit export`. */
export const command = defineCommand<DataDirFlags & FilterFlags>({
  flags: [...dataDirFlags(), ...filterFlags],
  examples: [
    'acrux audit export --data-dir /var/lib/acrux > events.jsonl',
    'acrux audit export --data-dir /var/lib/acrux --from 2026-11-01 --to 2026-11-30T23:59:59Z > november.jsonl',
  ],
  exitCodes: { 0: 'success', ...logExitCodes },
  run: (flags) => onLog(flags, (log) => exportAll(log, flags)),
})

/** Ends silently if the reader closes the pipe. */
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
