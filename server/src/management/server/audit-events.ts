import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { type EventFilter, auditEventDocument } from '../../audit/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { registryId } from '@acrux/shared/standards/azure/resource-id.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { ServerContext } from './context.ts'
import { badSkipToken, nextLink, readPageSize } from '../arm/page.ts'
import { parameter, readFilter, unsupportedFilter } from '../arm/query.ts'
import { listOf, timeText } from '../arm/response.ts'
import { requireRegistry } from '../registries/registries.ts'
import { requireSubscription } from '../arm/subscriptions.ts'

type Context = Pick<ServerContext, 'auditLog' | 'publicOrigin' | 'resources'>

const defaultPageSize = 100

/** An event of the audit log. */
const auditEventResponse = z
  .strictObject({
    id: z.string(),
    eventTimestamp: timeText,
    action: z.string(),
    outcome: z.string(),
    actor: z.strictObject({ kind: z.string(), id: z.string() }),
    credential: z.strictObject({ kind: z.string(), id: z.string().nullable() }).nullable(),
    target: z.string(),
    reason: z.string().nullable(),
    detail: z.unknown().describe('The details of the event, which depend on the action.'),
    correlationId: z.string(),
    remoteAddress: z.string(),
    userAgent: z.string().nullable(),
  })
  .register(apiSchemas, { id: 'AuditEvent' })

const auditEventListResponse = listOf(auditEventResponse)
type AuditEventList = DocumentOf<typeof auditEventListResponse>

/** `GET /subscriptions/{s}/providers/Acrux.Server/auditEvents`: ours, not Azure's. The whole audit log, the newest first. */
export async function listAuditEvents(context: Context, call: ManagementCall): Promise<AuditEventList> {
  await requireSubscription(context, call)
  const { registry, ...filter } = readEventFilter(call.request)
  const targets = registry === undefined ? undefined : await targetsOf(context, call, registry)
  return page(context, call, { ...filter, targets })
}
listAuditEvents.response = auditEventListResponse

/** `GET …/registries/{r}/auditEvents`: ours, not Azure's. The events of the registry and its content, since it was created. */
export async function listRegistryAuditEvents(context: Context, call: ManagementCall): Promise<AuditEventList> {
  const { id, loginServer, createdAtMs } = await requireRegistry(context, call.names)
  const { registry, fromMs = 0, ...filter } = readEventFilter(call.request)
  if (registry !== undefined) throw unsupportedFilter()
  // Earlier, another registry may have had the name.
  return page(context, call, { ...filter, fromMs: Math.max(fromMs, createdAtMs), targets: [id, loginServer] })
}
listRegistryAuditEvents.response = auditEventListResponse

/**
 * `GET /providers/Acrux.Server/denials`: ours, not Azure's. The denied requests of the user who asks, the newest first, without
 * details: what was considered may name what the user may not see. For all others than users, there are none.
 */
export async function listOwnDenials(context: Context, call: ManagementCall): Promise<AuditEventList> {
  const { principal } = call.caller
  if (principal.kind !== 'user') return { value: [] }
  const own = { actorKind: 'user', actorId: principal.objectId, outcome: 'refused' } as const
  const { value, ...rest } = await call.budget.oneAtATime('denials', () => page(context, call, own))
  return { ...rest, value: value.map((event) => ({ ...event, detail: null })) }
}
listOwnDenials.response = auditEventListResponse

/** The names of a registry in the log. A deleted registry is found by its resource id, in any group. */
async function targetsOf(context: Context, { names }: ManagementCall, name: string): Promise<string[]> {
  const registries = await context.resources.listRegistries(names.subscriptionId)
  const found = registries.find((registry) => registry.name.toLowerCase() === name.toLowerCase())
  if (found !== undefined) return [found.id, found.loginServer]
  const groups = await context.resources.listResourceGroups(names.subscriptionId)
  return groups.map((group) => registryId(names.subscriptionId, group.name, name))
}

async function page(
  { auditLog, publicOrigin }: Context,
  call: ManagementCall,
  filter: EventFilter,
): Promise<AuditEventList> {
  const { request } = call
  const size = readPageSize(request, defaultPageSize)
  const before = readSkipToken(parameter(request.query, '$skiptoken'))
  const { events, next } = await auditLog.list(filter, { before, size }, (work) => call.budget.inTurn(work))
  const value = events.map(auditEventDocument)
  return next === undefined ? { value } : { value, nextLink: nextLink(publicOrigin, request, String(next)) }
}

type ReadFilter = Omit<EventFilter, 'targets'> & { readonly registry?: string }

/** @throws ArmError 400 for an unknown term: ignoring it would show more than was requested */
function readEventFilter(request: FastifyRequest): ReadFilter {
  const found = new Map<string, string>()
  for (const term of readFilter(request)) {
    if (term.form === 'call') throw unsupportedFilter()
    const key = term.name === 'eventtimestamp' ? `${term.form} ${term.name}` : term.form === 'equals' ? term.name : ''
    if (!filterNames.has(key) || found.has(key)) throw unsupportedFilter()
    found.set(key, term.value)
  }
  const outcome = found.get('outcome')
  if (outcome !== undefined && outcome !== 'success' && outcome !== 'refused') throw unsupportedFilter()
  const registry = found.get('registry')
  return {
    fromMs: readTime(found.get('at-least eventtimestamp')),
    toMs: readTime(found.get('at-most eventtimestamp')),
    action: found.get('action'),
    outcome,
    actorId: found.get('principalid'),
    correlationId: found.get('correlationid'),
    remoteAddress: found.get('remoteaddress'),
    ...(registry === undefined ? {} : { registry }),
  }
}

const filterNames = new Set([
  'at-least eventtimestamp',
  'at-most eventtimestamp',
  'action',
  'outcome',
  'principalid',
  'correlationid',
  'remoteaddress',
  'registry',
])

const timePattern = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,7})?)?Z)?$/i

/** A time of a filter, in milliseconds since the epoch. @throws ArmError 400 */
export function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = timePattern.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw unsupportedFilter()
  return ms
}

/** The number of an event. @throws ArmError 400 */
export function readSkipToken(text: unknown): number | undefined {
  if (text === undefined) return undefined
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text)
  throw badSkipToken()
}
