import type { AuditEventDocument } from '@acrux/server'
import { odataText } from '@acrux/shared/standards/azure/odata-text.ts'
import { pathOf } from '../../clients/arm/arm.ts'
import {
  getFromArm,
  notFoundOnServer,
  registryIdOf,
  requireSignedInAt,
  subscriptionPath,
} from '../../clients/arm/az.ts'
import { type Page, followPages } from '../../clients/http/follow-pages.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import type { FilterFlags } from './filter-flags.ts'

/** Selects the audit log of the server to which the account is signed in, or of one registry of this server. */
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
  const first = `${await logOf(context, place)}?${query.toString()}`
  for await (const events of followPages(first, (link) => fetchEvents(context, link))) {
    yield* events.slice(0, left)
    left -= events.length
    if (left <= 0) return
  }
}

async function fetchEvents(context: CommandContext, link: string): Promise<Page<AuditEventDocument>> {
  const answer = await getFromArm(context, link)
  if (answer === undefined) {
    const message = 'the audit log does not exist, or the account cannot see the audit log'
    notFoundOnServer(message, 'check the account with acrux account show; the account needs the role Reader')
  }
  const { value, nextLink } = answer as { readonly value: readonly AuditEventDocument[]; readonly nextLink?: string }
  return { items: value, next: nextLink === undefined ? undefined : pathOf(nextLink) }
}

async function logOf(context: CommandContext, { name }: ServerFlags): Promise<string> {
  if (name !== undefined) return `${await registryIdOf(context, name)}/auditEvents`
  return `${await subscriptionPath(context)}/providers/Acrux.Server/auditEvents`
}

/** The filter in the syntax of the API. [docs/reference/audit.md] */
function filterText({ from, to, principal, action, outcome, correlationId, address }: FilterFlags): string {
  const terms = [
    ['eventTimestamp ge', from === undefined ? undefined : new Date(from).toISOString()],
    ['eventTimestamp le', to === undefined ? undefined : new Date(to).toISOString()],
    ['principalId eq', principal],
    ['action eq', action],
    ['outcome eq', outcome],
    ['correlationId eq', correlationId],
    ['remoteAddress eq', address],
  ] as const
  return terms.flatMap(([term, value]) => (value === undefined ? [] : [`${term} ${odataText(value)}`])).join(' and ')
}
