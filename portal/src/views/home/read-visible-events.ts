import { readEvents } from '../../api/arm.ts'
import { orHidden } from '../../api/or-hidden.ts'
import type { Registry } from '../../api/registry-document.ts'
import type { AuditEvent } from '../../api/types.ts'
import type { MayAct } from '../../api/use-permissions.ts'

/** The newest events, and whether there are more. */
export type VisibleEvents = { readonly events: readonly AuditEvent[]; readonly isCut: boolean }

/** How many registries are asked, each by a request within a batch. */
export const maxRegistries = 7

/** Whose log is read: that of the server, or those of the registries that the person may list. */
export type VisibleLogs = { readonly registries: readonly Registry[]; readonly mayAct: MayAct }

/** The permission to read the log of the server. */
export const readsEvents = 'Acrux.Server/auditEvents/read'

/** The newest events that match a filter. Null if the person may read no log. */
export async function readVisibleEvents(
  { registries, mayAct }: VisibleLogs,
  filter: string,
  count: number,
  signal: AbortSignal,
): Promise<VisibleEvents | null> {
  if (mayAct(readsEvents)) {
    const scope = `/subscriptions/${registries[0]?.id.split('/')[2] ?? ''}`
    const { value, nextLink } = await readEvents(scope, filter, signal, count)
    return { events: value, isCut: nextLink !== undefined }
  }
  const logs = registries.slice(0, maxRegistries).map(({ id }) => orHidden(readEvents(id, filter, signal, count)))
  const visible = (await Promise.all(logs)).filter((log) => log !== null)
  if (visible.length === 0) return null
  const events = visible
    .flatMap(({ value }) => value)
    .toSorted((one, other) => Date.parse(other.eventTimestamp) - Date.parse(one.eventTimestamp))
  return { events: events.slice(0, count), isCut: visible.some(({ nextLink }) => nextLink !== undefined) }
}
