import type { AuditEventDocument } from '@acrux/server'
import {
  getFromArm,
  getNextFromArm,
  notFoundOnServer,
  registryIdOf,
  requireSignedInAt,
  subscriptionPath,
} from '../az.ts'
import type { CommandContext } from '../command/context.ts'
import type { FilterFlags } from './filter-flags.ts'

/** Selects the log: of the server of the account that is signed in, or of one registry on it. */
export type ServerFlags = { readonly server?: string; readonly name?: string }

const apiVersion = '2024-11-01'

/** The maximum of the server. */
const maxPageSize = 1000

/** Gets the newest events from the management API, page by page, as the account that is signed in. */
export async function* newestOnServer(
  context: CommandContext,
  place: ServerFlags,
  flags: FilterFlags & { readonly limit: number },
): AsyncGenerator<AuditEventDocument> {
  await requireSignedInAt(context, place.server)
  const query = new URLSearchParams({ 'api-version': apiVersion, $top: String(Math.min(flags.limit, maxPageSize)) })
  const filter = filterText(flags)
  if (filter !== '') query.set('$filter', filter)
  let left = flags.limit
  for (let answer = await getFromArm(context, `${await logOf(context, place)}?${query.toString()}`); ;) {
    if (answer === undefined) {
      const message = 'the audit log does not exist, or is not visible to the account'
      notFoundOnServer(message, 'check the account with acrux account show; it needs the role Reader')
    }
    const { value, nextLink } = answer as Page
    for (const event of value.slice(0, left)) yield event
    left -= value.length
    if (nextLink === undefined || left <= 0) return
    answer = await getNextFromArm(context, nextLink)
  }
}

type Page = { readonly value: readonly AuditEventDocument[]; readonly nextLink?: string }

async function logOf(context: CommandContext, { name }: ServerFlags): Promise<string> {
  if (name !== undefined) return `${await registryIdOf(context, name)}/auditEvents`
  return `${await subscriptionPath(context)}/providers/Acrux.Server/auditEvents`
}

/** The filter in the syntax of the API. [docs/reference/audit.md] */
function filterText({ from, to, principal, action, outcome, correlationId }: FilterFlags): string {
  const terms = [
    ['eventTimestamp ge', from === undefined ? undefined : new Date(from).toISOString()],
    ['eventTimestamp le', to === undefined ? undefined : new Date(to).toISOString()],
    ['principalId eq', principal],
    ['action eq', action],
    ['outcome eq', outcome],
    ['correlationId eq', correlationId],
  ] as const
  return terms
    .flatMap(([term, value]) => (value === undefined ? [] : [`${term} '${value.replaceAll("'", "''")}'`]))
    .join(' and ')
}
