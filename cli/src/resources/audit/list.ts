import type { AuditEventDocument } from '@acrux/server'
import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { WrongUsageError } from '../../framework/command/failure.ts'
import { tableText } from '../../framework/output/table.ts'
import { type DataDirFlags, dataDirFlags } from '../data-dir/data-dir.ts'
import { type FilterFlags, filterFlags, filterOf } from './filter-flags.ts'
import { logExitCodes, onLog } from './on-log.ts'
import { type ServerFlags, newestOnServer } from './server-log.ts'

type Flags = DataDirFlags & ServerFlags & FilterFlags & { readonly limit: number }

/** `acrux audit list`. */
export const command = defineCommand<Flags>({
  about: `
The newest event comes first. For more events than --limit allows, use acrux audit export.`,
  flags: [
    ...dataDirFlags(),
    ...filterFlags,
    { flags: '--limit <number>', description: 'the maximum number of events', parse: requireLimit, default: 20 },
    {
      flags: '--server <url>',
      description: 'read the log from the server of the signed-in account, not from a data directory',
    },
    {
      flags: '-n, --name <registry>',
      description: 'read the log of this registry from the server of the signed-in account',
    },
  ],
  examples: [
    'acrux audit list --data-dir /var/lib/acrux --outcome refused --limit 50',
    'acrux audit list --data-dir /var/lib/acrux --correlation-id 019ab7c0-6f0e-7c51-9d44-0a8f6f8f2f11',
    'acrux audit list --server https://registry.example.com --principal 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11',
    'acrux audit list -n contoso --action token.issue --from 2026-11-24',
    'acrux audit list -n contoso --outcome refused --query "[].correlationId" -o tsv',
  ],
  exitCodes: { 0: 'success', 3: 'the request to the server failed', ...logExitCodes },
  table: (events: readonly AuditEventDocument[]) => events.map(rowOf),
  text: (events: readonly AuditEventDocument[]) =>
    events.length === 0
      ? 'no event matches'
      : tableText(events.map(rowOf), { isQueried: true, columns: undefined }).trimEnd(),
  run: list,
})

const maxEvents = 100_000

function requireLimit(text: string): number {
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > maxEvents) throw new WrongUsageError(`The value must be an integer from 1 to ${maxEvents}.`)
  return limit
}

async function list(flags: Flags, context: CommandContext): Promise<readonly AuditEventDocument[]> {
  if (flags.server === undefined && flags.name === undefined) {
    return onLog(flags, (log) => log.newest(filterOf(flags), flags.limit))
  }
  const other = (['dataDir', 'config', 'target'] as const).find((name) => flags[name] !== undefined)
  if (other !== undefined) {
    const flag = { dataDir: '--data-dir', config: '--config', target: '--target' }[other]
    throw new WrongUsageError(`${flag} cannot be combined with --server or --name`)
  }
  return Array.fromAsync(newestOnServer(context, flags, flags))
}

function rowOf({ eventTimestamp, outcome, action, actor, target, reason, correlationId }: AuditEventDocument) {
  return {
    TIME: eventTimestamp,
    OUTCOME: outcome,
    ACTION: action,
    ACTOR: actor.id === '' ? actor.kind : `${actor.kind}:${actor.id}`,
    TARGET: target,
    REASON: reason ?? '-',
    'CORRELATION ID': correlationId,
  }
}
