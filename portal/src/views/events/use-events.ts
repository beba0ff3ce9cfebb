import { isGuid } from '@acrux/shared/standards/azure/guid.ts'
import { type EventSearch, type LogPlace, allEvents, listEvents, listOwnDenials } from '../../api/audit.ts'
import { findUser, namePrincipals } from '../../api/principals.ts'
import { usePages, useRead } from '../../api/queries.ts'
import type { AuditEvent } from '../../api/types.ts'
import { useSession } from '../../api/use-session.ts'

/**
 * The same search with the object id of a user in place of the user name, because the log has ids. A name that
 * belongs to no user may be a name that a client sent.
 */
export function useResolved(search: EventSearch) {
  const { principal = '' } = search
  const { data: session } = useSession()
  return useRead<EventSearch>(
    ['resolved', search],
    async (signal) => {
      if (!principal.includes('@')) return search
      // Everybody knows their own id; those of others need a role of the directory.
      const { objectId, userPrincipalName } = session?.person ?? {}
      if (objectId !== undefined && principal === userPrincipalName) return { ...search, principal: objectId }
      const user = await findUser(principal, signal)
      return { ...search, principal: user?.id ?? principal }
    },
    { staleTime: 60_000 },
  )
}

/** The events that match, page by page, the newest first. `isOn`: whether to read them. */
export function useEvents(place: LogPlace, search: EventSearch, isOn: boolean) {
  return usePages(['events', place.id, search], isOn && ((after, signal) => listEvents(place, search, after, signal)))
}

/** The denied requests of the person, page by page, the newest first. */
export function useOwnDenials() {
  return usePages(['own-denials'], (after, signal) => listOwnDenials(after, signal))
}

/** The names of principals by their object ids, as far as the person may see them. */
export function useNames(ids: readonly string[]): ReadonlyMap<string, string> {
  const wanted = [...new Set(ids.filter(isGuid))].toSorted()
  const query = useRead<ReadonlyMap<string, string>>(
    ['names', wanted],
    wanted.length > 0 &&
      (async (signal) => {
        const found = await namePrincipals(wanted, signal)
        return new Map([...found.values()].map(({ id, type, name, detail }) => [id, type === 'User' ? detail : name]))
      }),
    { staleTime: 5 * 60_000, placeholderData: (before) => before },
  )
  const { objectId, userPrincipalName } = useSession().data?.person ?? {}
  if (objectId === undefined || userPrincipalName === undefined) return query.data ?? new Map<string, string>()
  return new Map([...(query.data ?? []), [objectId, userPrincipalName]])
}

/** How many events a downloaded file has at most. */
const maxExported = 50_000

/** The lines of a file with all events that match. `onRead` gets the number of events so far. */
export async function exportLines(
  place: LogPlace,
  search: EventSearch,
  { signal, onRead }: { readonly signal: AbortSignal; readonly onRead: (count: number) => void },
): Promise<{ readonly lines: readonly string[]; readonly isWhole: boolean }> {
  const lines: string[] = []
  for await (const events of allEvents(place, search, signal)) {
    lines.push(...events.map((event: AuditEvent) => `${JSON.stringify(event)}\n`))
    onRead(lines.length)
    if (lines.length >= maxExported) return { lines: lines.slice(0, maxExported), isWhole: false }
  }
  return { lines, isWhole: true }
}
