import type { AuditEventDocument } from '@acrux/server'
import { fail, getFromArm, getNextFromArm, registryIdOf, requireSignedInAt, subscriptionPath } from '../az.ts'
import type { FilterFlags } from './filter-flags.ts'

/** Selects the log: of the server that az is signed in to, or of one registry on it. */
export type ServerFlags = { readonly server?: string; readonly name?: string }

const apiVersion = '2024-11-01'

/** The maximum of the server. */
const maxPageSize = 1000

/** Gets the newest events from the management API, page by page, as the principal that az is signed in as. */
export function* newestOnServer(place: ServerFlags, flags: FilterFlags & { readonly limit: number }) {
  requireSignedInAt(place.server)
  const query = new URLSearchParams({ 'api-version': apiVersion, $top: String(Math.min(flags.limit, maxPageSize)) })
  const filter = filterText(flags)
  if (filter !== '') query.set('$filter', filter)
  let left = flags.limit
  for (let answer = getFromArm(`${logOf(place)}?${query.toString()}`); ;) {
    if (answer === undefined)
      return fail('the audit log does not exist, or is not visible to the principal that az is signed in as')
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
