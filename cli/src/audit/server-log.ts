import type { AuditEventDocument } from '@acrux/server'
import { fail, getFromArm, getNextFromArm, registryIdOf, requireSignedInAt, subscriptionPath } from '../az.ts'
import type { FilterFlags } from './filter-flags.ts'

/** Whose log is asked for: that of a server that az is signed in to, or that of one registry there. */
export type ServerFlags = { readonly server?: string; readonly name?: string }

const apiVersion = '2024-11-01'

/** How many events a page has at the most. */
const longestPage = 1000

/** The newest events, from the management API, page by page: it answers whoever az is signed in as, if they may read them. */
export function* newestOnServer(place: ServerFlags, flags: FilterFlags & { readonly limit: number }) {
  requireSignedInAt(place.server)
  const query = new URLSearchParams({ 'api-version': apiVersion, $top: String(Math.min(flags.limit, longestPage)) })
  const filter = filterText(flags)
  if (filter !== '') query.set('$filter', filter)
  let left = flags.limit
  for (let answer = getFromArm(`${logOf(place)}?${query.toString()}`); ;) {
    if (answer === undefined) return fail('there is no such log')
    const { value, nextLink } = answer as Page
    for (const event of value.slice(0, left)) yield event
    left -= value.length
    if (nextLink === undefined || left <= 0) return undefined
    answer = getNextFromArm(nextLink)
  }
}

type Page = { readonly value: readonly AuditEventDocument[]; readonly nextLink?: string }

function logOf({ name }: ServerFlags): string {
  if (name !== undefined) return `${registryIdOf(name)}/auditEvents`
  return `${subscriptionPath()}/providers/Acrux.Server/auditEvents`
}

/** The filter as the API has it. [docs/reference/audit.md] */
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
