import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { type AuditEventDocument, type EventFilter, auditEventDocument } from '../../audit/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import {
  parseExtensionId,
  roleDefinitionId,
  subscriptionId as subscriptionPath,
} from '@acrux/shared/standards/azure/resource-id.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { ServerContext } from './context.ts'
import { nextLink, readPageSize } from '../arm/page.ts'
import { parameter, readFilter, unsupportedFilter } from '../arm/query.ts'
import { listOf, timeText } from '../arm/response.ts'
import { requireSubscription } from '../arm/subscriptions.ts'
import { readSkipToken, readTime } from './audit-events.ts'

type Context = Pick<ServerContext, 'auditLog' | 'directory' | 'publicOrigin' | 'resources'>

/** How many changes a page has; each has two events. */
const defaultPageSize = 100

const localizable = z.strictObject({ value: z.string(), localizedValue: z.string() })

/** An event of the activity log. [azure-mgmt-monitor, EventData] */
const eventResponse = z
  .strictObject({
    authorization: z.strictObject({ action: z.string(), scope: z.string() }),
    caller: z.string(),
    category: localizable,
    correlationId: z.string(),
    eventDataId: z.string(),
    eventName: localizable,
    eventTimestamp: timeText,
    httpRequest: z.strictObject({
      clientRequestId: z.string(),
      clientIpAddress: z.string(),
      method: z.enum(['PUT', 'DELETE']),
    }),
    id: z.string(),
    level: z.literal('Informational'),
    operationId: z.string(),
    operationName: localizable,
    properties: z.strictObject({ requestbody: z.string().optional(), responseBody: z.string().optional() }),
    resourceId: z.string(),
    resourceProviderName: localizable,
    resourceType: localizable,
    status: localizable,
    submissionTimestamp: timeText,
    subscriptionId: z.string(),
    tenantId: z.string(),
  })
  .register(apiSchemas, { id: 'ActivityLogEvent' })
type EventDocument = DocumentOf<typeof eventResponse>

const eventListResponse = listOf(eventResponse)

const changes = ['role-assignment.create', 'role-assignment.update', 'role-assignment.delete'] as const

/**
 * `GET /subscriptions/{s}/providers/Microsoft.Insights/eventtypes/management/values`: the changes of role assignments, the
 * newest first. Each change has one event for its start and one for its end, as in the activity log of Azure.
 * [azure-mgmt-monitor, ActivityLogs.list; azure-cli role _get_assignment_events]
 */
export async function listActivityLog(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof eventListResponse>> {
  const { subscriptionId } = await requireSubscription(context, call)
  const { request } = call
  const filter: EventFilter = {
    ...readTimes(request),
    action: changes,
    outcome: 'success',
    targets: [subscriptionPath(subscriptionId)],
  }
  const page = {
    before: readSkipToken(parameter(request.query, '$skiptoken')),
    size: readPageSize(request, defaultPageSize),
  }
  const { events, next } = await context.auditLog.list(filter, page, (work) => call.budget.inTurn(work))
  const { tenantId } = await context.directory.tenant()
  const documents = events.map(auditEventDocument)
  const ids = new Set(documents.flatMap(({ actor }) => (actor.kind === 'user' ? [actor.id] : [])))
  const people = await context.directory.people.named([...ids])
  const names = new Map(people.map(({ objectId, userPrincipalName }) => [objectId, userPrincipalName]))
  const value = documents.flatMap((event) => {
    // The user name of a person, as in Azure, and the object id of another principal.
    const caller = names.get(event.actor.id) ?? event.actor.id
    return eventsOf(event, { subscriptionId, tenantId, caller })
  })
  return next === undefined ? { value } : { value, nextLink: nextLink(context.publicOrigin, request, String(next)) }
}
listActivityLog.response = eventListResponse

/** Only the changes of Microsoft.Authorization are in this log, so a filter must ask for them. @throws ArmError 400 */
function readTimes(request: FastifyRequest): Pick<EventFilter, 'fromMs' | 'toMs'> {
  const found = new Map(
    readFilter(request, true).map((term) => [`${term.form} ${term.name}`, term.value ?? ''] as const),
  )
  const from = found.get('at-least eventtimestamp')
  const provider = found.get('equals resourceprovider')
  const isKnown = [...found.keys()].every((key) => filterNames.has(key))
  if (!isKnown || from === undefined || provider?.toLowerCase() !== 'microsoft.authorization') throw unsupportedFilter()
  return { fromMs: readTime(from), toMs: readTime(found.get('at-most eventtimestamp')) }
}

const filterNames = new Set(['at-least eventtimestamp', 'at-most eventtimestamp', 'equals resourceprovider'])

type Place = { readonly subscriptionId: string; readonly tenantId: string; readonly caller: string }

/** The end of a change, and its start. */
function eventsOf(event: AuditEventDocument, { subscriptionId, tenantId, caller }: Place): EventDocument[] {
  const { id, action, target, correlationId, eventTimestamp, remoteAddress } = event
  const isDeletion = action === 'role-assignment.delete'
  const type = 'Microsoft.Authorization/roleAssignments'
  const operation = `${type}/${isDeletion ? 'delete' : 'write'}`
  const body = bodyOf(event, subscriptionId)
  return (['Succeeded', 'Started'] as const).map((status) => ({
    authorization: { action: operation, scope: target },
    caller,
    category: text('Administrative'),
    correlationId,
    eventDataId: `${id}-${status.toLowerCase()}`,
    eventName: text(status === 'Started' ? 'BeginRequest' : 'EndRequest'),
    eventTimestamp,
    httpRequest: {
      clientRequestId: correlationId,
      clientIpAddress: remoteAddress,
      method: isDeletion ? 'DELETE' : 'PUT',
    },
    id: `${target}/events/${id}-${status.toLowerCase()}`,
    level: 'Informational',
    operationId: id,
    operationName: text(operation),
    properties: {
      ...(status === 'Started' && !isDeletion && { requestbody: body }),
      ...(status === 'Succeeded' && { responseBody: body }),
    },
    resourceId: target,
    resourceProviderName: text('Microsoft.Authorization'),
    resourceType: text(type),
    status: text(status),
    submissionTimestamp: eventTimestamp,
    subscriptionId,
    tenantId,
  }))
}

function text(value: string): { value: string; localizedValue: string } {
  return { value, localizedValue: value }
}

const detailSchema = z.object({
  principalId: z.string(),
  roleDefinitionName: z.string(),
  condition: z.string().nullish(),
})

/** The assignment as text of JSON; an empty object if the details of the event were altered. */
function bodyOf({ target, detail }: AuditEventDocument, subscriptionId: string): string {
  const { principalId, roleDefinitionName, condition } = detailSchema.safeParse(detail).data ?? {}
  if (principalId === undefined || roleDefinitionName === undefined) return '{}'
  return JSON.stringify({
    id: target,
    properties: {
      roleDefinitionId: roleDefinitionId(subscriptionId, roleDefinitionName),
      principalId,
      scope: parseExtensionId(target)?.scope ?? target,
      ...(condition !== undefined && condition !== null && { condition }),
    },
  })
}
