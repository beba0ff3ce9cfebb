import { listArm } from '../../../clients/arm/arm.ts'
import { type Account, requireAccount } from '../../../clients/session/account.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { failure } from '../../../framework/command/failure.ts'
import { type SubscriptionFlags, subscriptionFlag } from '../../../framework/options/flags.ts'
import { isRecord } from '../../../framework/values/record.ts'
import { time, valueAt } from '../../../framework/values/shape.ts'
import { listDefinitions } from '../definition.ts'
import { directoryObjects, nameOf } from '../principals.ts'

type Flags = SubscriptionFlags & { readonly startTime?: string; readonly endTime?: string }

const hourMs = 60 * 60 * 1000

/** `acrux role assignment list-changelogs`. [azure-cli role list_role_assignment_change_logs] */
export const command = defineCommand<Flags>({
  flags: [
    { flags: '--start-time <time>', description: 'list only later changes. Default: one hour before the end' },
    { flags: '--end-time <time>', description: 'list only earlier changes. Default: now' },
    subscriptionFlag,
  ],
  examples: [
    'acrux role assignment list-changelogs -o table',
    'acrux role assignment list-changelogs --start-time 2026-11-01T00:00:00Z',
  ],
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const end = flags.endTime === undefined ? new Date() : requireTime(flags.endTime)
    const start = flags.startTime === undefined ? new Date(end.getTime() - hourMs) : requireTime(flags.startTime)
    if (flags.startTime !== undefined && start >= end) throw failure('Start time cannot be later than end time.')
    const changes = await listChanges(account, start, end)
    if (changes.length === 0) return []
    return withNames(account, changes)
  },
})

/** A time in the only form that az reads. @throws CommandFailure with az's message */
function requireTime(text: string): Date {
  const [, ...parts] = /^(\d{4})-(\d\d?)-(\d\d?)T(\d\d?):(\d\d?):(\d\d?)Z$/.exec(text) ?? []
  const [year = '', ...others] = parts
  const [month, day, hour, minute, second] = others.map((part) => part.padStart(2, '0'))
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  // A day that the month does not have would become a day of the next month.
  if (!Number.isNaN(date.getTime()) && date.getUTCDate() === Number(day)) return date
  throw failure(`Input '${text}' is not valid datetime. Valid example: 2000-12-31T12:59:59Z`)
}

/** A change of a role assignment: the event at its end, and the event at its start. */
type Change = { readonly started: unknown; readonly ended: unknown }

async function listChanges(account: Account, start: Date, end: Date): Promise<Change[]> {
  const [from, to] = [start, end].map((date) => `${date.toISOString().slice(0, 19)}Z`)
  const query = new URLSearchParams({
    'api-version': '2015-04-01',
    $filter: `resourceProvider eq Microsoft.Authorization and eventTimestamp ge ${from} and eventTimestamp le ${to}`,
  })
  const path = `/subscriptions/${account.subscription.id}/providers/Microsoft.Insights/eventtypes/management/values`
  const starts = new Map<unknown, unknown>()
  const ends = new Map<unknown, unknown>()
  for (const event of await listArm(account, `${path}?${query.toString()}`)) {
    if (!String(valueAt(event, 'operationName.value')).startsWith('Microsoft.Authorization/roleAssignments')) continue
    const events = valueAt(event, 'status.value') === 'Started' ? starts : ends
    events.set(valueAt(event, 'operationId'), event)
  }
  return [...starts].flatMap(([id, started]) => {
    const ended = ends.get(id)
    return ended === undefined ? [] : [{ started, ended }]
  })
}

type Entry = Readonly<Record<string, unknown>>

async function withNames(account: Account, changes: readonly Change[]): Promise<Entry[]> {
  const roles = await listDefinitions(account, `/subscriptions/${account.subscription.id}`)
  const roleNames = new Map(roles.map((role) => [valueAt(role, 'name'), valueAt(role, 'properties.roleName')]))
  const entries = changes.flatMap((change) => entriesOf(change, roleNames))
  const ids = [...new Set(entries.flatMap(({ principalId }) => (typeof principalId === 'string' ? [principalId] : [])))]
  const objects = ids.length === 0 ? [] : await directoryObjects(account, ids)
  const names = new Map<unknown, string>(objects.map((object) => [object['id'], nameOf(object)]))
  return entries.map((entry) => ({ ...entry, principalName: names.get(entry['principalId']) ?? null }))
}

/** The document of a successful change, or no document for a change without an assignment. */
function entriesOf({ started, ended }: Change, roleNames: ReadonlyMap<unknown, unknown>): Entry[] {
  if (valueAt(ended, 'status.value') !== 'Succeeded') return []
  const outer = {
    timestamp: time(valueAt(ended, 'eventTimestamp')),
    caller: valueAt(started, 'caller') ?? null,
    ...nothing,
  }
  const method = valueAt(started, 'httpRequest.method')
  const isGrant = method === 'PUT'
  if (!isGrant && method !== 'DELETE') return [outer]
  const action = isGrant ? 'Granted' : 'Revoked'
  const text = isGrant ? valueAt(started, 'properties.requestbody') : valueAt(ended, 'properties.responseBody')
  const scope = isGrant ? valueAt(ended, 'authorization.scope') : null
  if (typeof text !== 'string' || text === '') return [{ ...outer, action, scope }]
  const assignment = valueAt(JSON.parse(text), 'properties')
  if (!isRecord(assignment)) return []
  const roleName = String(assignment['roleDefinitionId']).split('/').at(-1)
  return [
    {
      ...outer,
      action,
      ...scopeOf(String(scope ?? assignment['scope'])),
      principalId: assignment['principalId'],
      roleDefinitionId: roleName,
      roleName: roleNames.get(roleName) ?? 'N/A',
    },
  ]
}

const nothing = {
  principalId: null,
  principalName: null,
  scope: null,
  scopeName: null,
  scopeType: null,
  roleDefinitionId: null,
  roleName: null,
}

/** The scope of an assignment, whose id can be given. */
function scopeOf(id: string): Entry {
  const index = id.toLowerCase().indexOf('/providers/microsoft.authorization')
  const scope = index === -1 ? id : id.slice(0, index)
  const parts = scope.split('/').filter((part) => part !== '')
  const scopeType = parts.length < 3 ? 'Subscription' : parts.length < 5 ? 'Resource group' : 'Resource'
  return { scope, scopeName: parts.at(-1) ?? null, scopeType }
}
