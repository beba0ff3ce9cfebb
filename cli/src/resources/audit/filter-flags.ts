import type { AuditEventFilter } from '@acrux/server'
import type { FlagDescription } from '../../framework/command/command.ts'
import { WrongUsageError } from '../../framework/command/failure.ts'

/** The filter options of the command line. */
export type FilterFlags = {
  readonly from?: number
  readonly to?: number
  readonly action?: string
  readonly outcome?: string
  readonly principal?: string
  readonly target?: string
  readonly correlationId?: string
  readonly address?: string
}

/** Describes the filter options. */
export const filterFlags: readonly FlagDescription[] = [
  {
    flags: '--from <time>',
    description: 'only events at or after this time, such as 2026-11-24 or 2026-11-24T12:00:00Z',
    parse: requireTime,
  },
  { flags: '--to <time>', description: 'only events at or before this time', parse: requireTime },
  { flags: '--action <action>', description: 'only events with this action, such as token.issue' },
  {
    flags: '--outcome <outcome>',
    description: 'only events of allowed requests (`success`), or only of denied and rejected requests (`refused`)',
    choices: ['success', 'refused'],
  },
  {
    flags: '--principal <id>',
    description: 'only events of this actor: an object id, or the name that the client sent',
  },
  {
    flags: '--target <target>',
    description: 'only events on this target and on all targets below: a login server, a repository or a resource id',
  },
  { flags: '--correlation-id <id>', description: 'only events of the request with this x-ms-correlation-request-id' },
  { flags: '--address <address>', description: 'only events of requests from this address' },
]

/** Builds the filter from the options. */
export function filterOf(flags: FilterFlags): AuditEventFilter {
  return {
    fromMs: flags.from,
    toMs: flags.to,
    action: flags.action,
    outcome: flags.outcome,
    actorId: flags.principal,
    correlationId: flags.correlationId,
    remoteAddress: flags.address,
    targets: flags.target === undefined ? undefined : [flags.target],
  }
}

const timePattern = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/

function requireTime(text: string): number {
  const ms = timePattern.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw new WrongUsageError('The value must be a date, or a date and time with Z or an offset.')
  return ms
}
