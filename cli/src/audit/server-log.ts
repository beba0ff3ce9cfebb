import type { AuditEventDocument } from '@acrux/server'
import { az, fail, getFromArm, getNextFromArm, registryIdOf } from '../az.ts'
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
  const subscription =
    az(['account', 'show', '--query', 'id', '--output', 'tsv'])?.trim() ?? fail('az is not signed in')
  return `/subscriptions/${subscription}/providers/Acrux.Server/auditEvents`
}

/** az would show its token to whatever it is told to ask: it is not told of any but the server that it is signed in to. */
function requireSignedInAt(server: string | undefined): void {
  if (server === undefined) return
  const cloud = az(['cloud', 'show', '--query', 'endpoints.resourceManager', '--output', 'tsv'])?.trim() ?? ''
  if (originOf(cloud) !== undefined && originOf(cloud) === originOf(server)) return
  fail(
    `az is set to ${cloud}, and not to ${server}: az cloud register -n acrux --endpoint-resource-manager ${server}; az cloud set -n acrux; az login`,
  )
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined
}

/** The filter as the API has it. [docs/audit.md] */
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
