import type { AuditEventFilter } from '@acrux/server'
import { type Command, InvalidArgumentError, Option } from 'commander'

/** The filter options of the command line. */
export type FilterFlags = {
  readonly from?: number
  readonly to?: number
  readonly action?: string
  readonly outcome?: string
  readonly principal?: string
  readonly target?: string
  readonly correlationId?: string
}

/** Adds the filter options. */
export function withFilter(command: Command): Command {
  return command
    .option(
      '--from <time>',
      'only events at or after this time, such as 2026-11-24 or 2026-11-24T12:00:00Z',
      requireTime,
    )
    .option('--to <time>', 'only events at or before this time', requireTime)
    .option('--action <action>', 'only this action, such as token.issue')
    .addOption(
      new Option('--outcome <outcome>', 'only allowed (success) or only denied (refused) requests').choices([
        'success',
        'refused',
      ]),
    )
    .option('--principal <id>', 'only this actor: an object id, or the name that it sent')
    .option(
      '--target <target>',
      'only this target: a login server, a repository or a resource id, with everything below it',
    )
    .option('--correlation-id <id>', 'only the request with this x-ms-correlation-request-id')
}

/** Builds the filter from the options. */
export function filterOf(flags: FilterFlags): AuditEventFilter {
  return {
    fromMs: flags.from,
    toMs: flags.to,
    action: flags.action,
    outcome: flags.outcome,
    actorId: flags.principal,
    correlationId: flags.correlationId,
    targets: flags.target === undefined ? undefined : [flags.target],
  }
}

const timePattern = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/

function requireTime(text: string): number {
  const ms = timePattern.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw new InvalidArgumentError('It must be a date, or a date and time with Z or an offset.')
  return ms
}
