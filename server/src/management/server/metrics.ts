import { z } from 'zod'
import { type ActivityCount, type ActivityRow, type Registry, hourMs } from '../../resources/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { ServerContext } from './context.ts'
import { ArmError } from '../arm/errors.ts'
import { parameter } from '../arm/query.ts'
import { timeText } from '../arm/response.ts'
import { requireRegistry } from '../registries/registries.ts'

type Context = Pick<ServerContext, 'activity' | 'clock' | 'resources'>

const unit = z.enum(['Count', 'Bytes', 'Seconds', 'MilliSeconds'])

type MetricDefinition = {
  readonly name: string
  readonly displayName: string
  readonly description: string
  readonly unit: z.infer<typeof unit>
  readonly primary: Aggregation
  /** The value of an hour in which something was counted or measured; undefined if the hour has none. */
  readonly valueOf: (row: ActivityRow | undefined) => number | undefined
}

const aggregations = ['Average', 'Minimum', 'Maximum', 'Total', 'Count'] as const
type Aggregation = (typeof aggregations)[number]

const namespace = 'Microsoft.ContainerRegistry/registries'

const counted = (name: ActivityCount) => (row: ActivityRow | undefined) => row?.[name] ?? 0

/** The metrics of a registry under their names on Azure; the last two are ours. [Azure Monitor, supported metrics] */
// prettier-ignore
const definitions: readonly MetricDefinition[] = [
  { name: 'TotalPullCount',      displayName: 'Total Pull Count',      description: 'Number of image pulls in total',                     unit: 'Count',        primary: 'Total',   valueOf: counted('total_pulls') },
  { name: 'SuccessfulPullCount', displayName: 'Successful Pull Count', description: 'Number of successful image pulls',                   unit: 'Count',        primary: 'Total',   valueOf: counted('successful_pulls') },
  { name: 'TotalPushCount',      displayName: 'Total Push Count',      description: 'Number of image pushes in total',                    unit: 'Count',        primary: 'Total',   valueOf: counted('total_pushes') },
  { name: 'SuccessfulPushCount', displayName: 'Successful Push Count', description: 'Number of successful image pushes',                  unit: 'Count',        primary: 'Total',   valueOf: counted('successful_pushes') },
  { name: 'StorageUsed',         displayName: 'Storage used',          description: 'The amount of storage used by the container registry', unit: 'Bytes',      primary: 'Average', valueOf: (row) => row?.storage_bytes ?? undefined },
  { name: 'RunDuration',         displayName: 'Run Duration',          description: 'Run Duration in milliseconds; this server runs no tasks', unit: 'MilliSeconds', primary: 'Total', valueOf: () => 0 },
  { name: 'AgentPoolCPUTime',    displayName: 'AgentPool CPU Time',    description: 'AgentPool CPU Time in seconds; this server has no agent pools', unit: 'Seconds', primary: 'Total', valueOf: () => 0 },
  { name: 'SignInCount',         displayName: 'Sign-in Count',         description: 'Number of sign-ins at the login server',             unit: 'Count',        primary: 'Total',   valueOf: counted('sign_ins') },
  { name: 'DenialCount',         displayName: 'Denial Count',          description: 'Number of denied requests',                          unit: 'Count',        primary: 'Total',   valueOf: counted('denials') },
]

/** The intervals that are served, in hours; shorter ones become an hour, because metrics are stored per hour. */
const intervals: ReadonlyMap<string, number> = new Map([
  ...['PT1M', 'PT5M', 'PT15M', 'PT30M'].map((name): [string, number] => [name, 1]),
  ['PT1H', 1],
  ['PT6H', 6],
  ['PT12H', 12],
  ['P1D', 24],
])

/** As long as Azure keeps metrics. */
const maxTimespanMs = 93 * 24 * hourMs

const localizable = z.strictObject({ value: z.string(), localizedValue: z.string() })

const point = z.strictObject({
  timeStamp: timeText,
  average: z.number().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  total: z.number().optional(),
  count: z.number().optional(),
})

/** The values of metrics. [Azure Monitor REST, Metrics - List] */
const metricsResponse = z
  .strictObject({
    cost: z.int(),
    timespan: z.string(),
    interval: z.string(),
    value: z.array(
      z.strictObject({
        id: z.string(),
        type: z.literal('Microsoft.Insights/metrics'),
        name: localizable,
        displayDescription: z.string(),
        unit,
        timeseries: z.array(z.strictObject({ metadatavalues: z.array(z.never()), data: z.array(point) })),
        errorCode: z.literal('Success'),
      }),
    ),
    namespace: z.literal(namespace),
    resourceregion: z.string(),
  })
  .register(apiSchemas, { id: 'Metrics' })

/** The definitions of metrics. [Azure Monitor REST, Metric Definitions - List] */
const definition = z
  .strictObject({
    id: z.string(),
    resourceId: z.string(),
    namespace: z.literal(namespace),
    name: localizable,
    displayDescription: z.string(),
    isDimensionRequired: z.literal(false),
    unit,
    primaryAggregationType: z.enum(aggregations),
    supportedAggregationTypes: z.array(z.enum(['None', ...aggregations])),
    metricAvailabilities: z.array(z.strictObject({ timeGrain: z.string(), retention: z.string() })),
  })
  .register(apiSchemas, { id: 'MetricDefinition' })

const definitionListResponse = z
  .strictObject({ value: z.array(definition) })
  .register(apiSchemas, { id: 'MetricDefinitionList' })

/** The namespaces of metrics. [Azure Monitor REST, Metric Namespaces - List] */
const namespaceListResponse = z
  .strictObject({
    value: z.array(
      z.strictObject({
        id: z.string(),
        type: z.literal('Microsoft.Insights/metricNamespaces'),
        name: z.string(),
        classification: z.literal('Platform'),
        properties: z.strictObject({ metricNamespaceName: z.string() }),
      }),
    ),
  })
  .register(apiSchemas, { id: 'MetricNamespaceList' })

/** `GET …/providers/Microsoft.Insights/metrics`: the hourly metrics of a registry. [Azure Monitor REST, Metrics - List] */
export async function listMetrics(
  context: Context,
  { request, names }: ManagementCall,
): Promise<DocumentOf<typeof metricsResponse>> {
  const registry = await requireRegistry(context, names)
  const requested = readMetrics(request.query)
  const chosen = readAggregations(request.query) ?? [requested[0]?.primary ?? 'Total']
  const hours = readInterval(request.query)
  const span = readTimespan(request.query, context.clock.now())
  const resultType = parameter(request.query, 'resulttype')
  const showsData = typeof resultType !== 'string' || resultType.toLowerCase() !== 'metadata'
  const rows = showsData ? await context.activity.hours(registry.rid, span.fromMs, span.untilMs) : []
  const byHour = new Map(rows.map((row) => [row.hour_ms, row]))
  return {
    cost: 0,
    timespan: `${secondsOf(span.fromMs)}/${secondsOf(span.untilMs)}`,
    interval: hours === 1 ? 'PT1H' : hours === 24 ? 'P1D' : `PT${hours}H`,
    value: requested.map((metric) => ({
      id: `${registry.id}/providers/Microsoft.Insights/metrics/${metric.name}`,
      type: 'Microsoft.Insights/metrics',
      name: nameOf(metric),
      displayDescription: metric.description,
      unit: metric.unit,
      timeseries: showsData ? [{ metadatavalues: [], data: dataOf(metric, { byHour, span, hours, chosen }) }] : [],
      errorCode: 'Success',
    })),
    namespace,
    resourceregion: registry.location,
  }
}
listMetrics.response = metricsResponse

/** `GET …/providers/Microsoft.Insights/metricDefinitions` [Azure Monitor REST, Metric Definitions - List] */
export async function listMetricDefinitions(
  context: Context,
  { names }: ManagementCall,
): Promise<DocumentOf<typeof definitionListResponse>> {
  const registry = await requireRegistry(context, names)
  return { value: definitions.map((metric) => definitionDocument(registry, metric)) }
}
listMetricDefinitions.response = definitionListResponse

/** `GET …/providers/Microsoft.Insights/metricNamespaces`: the only one. [Azure Monitor REST, Metric Namespaces - List] */
export async function listMetricNamespaces(
  context: Context,
  { names }: ManagementCall,
): Promise<DocumentOf<typeof namespaceListResponse>> {
  const { id } = await requireRegistry(context, names)
  const value = {
    id: `${id}/providers/Microsoft.Insights/metricNamespaces/${namespace}`,
    type: 'Microsoft.Insights/metricNamespaces',
    name: namespace,
    classification: 'Platform',
    properties: { metricNamespaceName: namespace },
  } as const
  return { value: [value] }
}
listMetricNamespaces.response = namespaceListResponse

function definitionDocument({ id }: Registry, metric: MetricDefinition): DocumentOf<typeof definition> {
  return {
    id: `${id}/providers/Microsoft.Insights/metricdefinitions/${metric.name}`,
    resourceId: id,
    namespace,
    name: nameOf(metric),
    displayDescription: metric.description,
    isDimensionRequired: false,
    unit: metric.unit,
    primaryAggregationType: metric.primary,
    supportedAggregationTypes: ['None', ...aggregations],
    metricAvailabilities: ['PT1H', 'PT6H', 'PT12H', 'P1D'].map((timeGrain) => ({ timeGrain, retention: 'P93D' })),
  }
}

function nameOf({ name, displayName }: MetricDefinition) {
  return { value: name, localizedValue: displayName }
}

type Timespan = { readonly fromMs: number; readonly untilMs: number }

/** The points that a request selects. */
type Selection = {
  readonly byHour: ReadonlyMap<number, ActivityRow>
  readonly span: Timespan
  /** The length of the interval of one point. */
  readonly hours: number
  readonly chosen: readonly Aggregation[]
}

function dataOf({ valueOf }: MetricDefinition, { byHour, span: { fromMs, untilMs }, hours, chosen }: Selection) {
  const points: DocumentOf<typeof point>[] = []
  for (let startMs = fromMs; startMs < untilMs; startMs += hours * hourMs) {
    const values: number[] = []
    for (let atMs = startMs; atMs < Math.min(untilMs, startMs + hours * hourMs); atMs += hourMs) {
      const value = valueOf(byHour.get(atMs))
      if (value !== undefined) values.push(value)
    }
    points.push({ timeStamp: secondsOf(startMs), ...(values.length > 0 && aggregate(values, chosen)) })
  }
  return points
}

function aggregate(measured: readonly number[], chosen: readonly Aggregation[]) {
  const total = measured.reduce((sum, value) => sum + value, 0)
  const all = {
    Average: total / measured.length,
    Minimum: Math.min(...measured),
    Maximum: Math.max(...measured),
    Total: total,
    Count: measured.length,
  } satisfies Record<Aggregation, number>
  const values = Object.fromEntries(chosen.map((name) => [name.toLowerCase(), all[name]]))
  return values as Partial<Record<Lowercase<Aggregation>, number>>
}

function readMetrics(query: unknown): readonly MetricDefinition[] {
  const names = readList(query, 'metricnames')
  if (names === undefined) return definitions
  const found = names.map((name) => definitions.find((known) => known.name.toLowerCase() === name.toLowerCase()))
  const missing = names.find((_name, index) => found[index] === undefined)
  if (missing !== undefined) {
    const valid = definitions.map(({ name }) => name).join(',')
    throw new ArmError(
      'badRequest',
      `Failed to find metric configuration for provider: Microsoft.ContainerRegistry, resource Type: registries, metric: ${missing.slice(0, 100)}, Valid metrics: ${valid}`,
    )
  }
  return [...new Set(found.filter((metric) => metric !== undefined))]
}

function readAggregations(query: unknown): readonly Aggregation[] | undefined {
  const names = readList(query, 'aggregation')?.filter((name) => name.toLowerCase() !== 'none')
  if (names === undefined || names.length === 0) return undefined
  return names.map((name) => {
    const known = aggregations.find((one) => one.toLowerCase() === name.toLowerCase())
    if (known !== undefined) return known
    throw new ArmError('badRequest', `The aggregation must be one of ${aggregations.join(', ')}.`)
  })
}

function readInterval(query: unknown): number {
  const text = parameter(query, 'interval')
  if (text === undefined || text === '') return 1
  const hours = typeof text === 'string' ? intervals.get(text.toUpperCase()) : undefined
  if (hours !== undefined) return hours
  throw new ArmError('badRequest', 'The interval must be one of PT1H, PT6H, PT12H and P1D.')
}

/** The timespan, rounded to whole hours; the last hour if the request names none. */
function readTimespan(query: unknown, nowMs: number): Timespan {
  const text = parameter(query, 'timespan')
  if (text === undefined || text === '') return wholeHours(nowMs - hourMs, nowMs)
  const [from, until, ...rest] = typeof text === 'string' ? decodeTwice(text).split('/') : []
  const [fromMs, untilMs] = [from, until].map((part) => readInstant(part ?? ''))
  if (fromMs === undefined || untilMs === undefined || rest.length > 0 || fromMs >= untilMs) {
    throw new ArmError(
      'badRequest',
      'The timespan must be two instants in ISO 8601, the earlier first, such as 2026-01-01T00:00:00Z/2026-01-02T00:00:00Z.',
    )
  }
  if (untilMs - fromMs > maxTimespanMs) throw new ArmError('badRequest', 'The timespan must not exceed 93 days.')
  return wholeHours(fromMs, untilMs)
}

function wholeHours(fromMs: number, untilMs: number): Timespan {
  return { fromMs: Math.floor(fromMs / hourMs) * hourMs, untilMs: Math.ceil(untilMs / hourMs) * hourMs }
}

/** `az` encodes the parameter before it encodes the query. */
function decodeTwice(text: string): string {
  try {
    return text.includes('%') ? decodeURIComponent(text) : text
  } catch {
    return ''
  }
}

const instantPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?$/

/** An instant without a zone is in universal time, as `az` writes it. */
function readInstant(text: string): number | undefined {
  // A plus that the client did not encode arrives as a space.
  const match = instantPattern.exec(text.replace(' ', '+'))
  if (match === null) return undefined
  const ms = Date.parse(match[1] === undefined ? `${match[0]}Z` : match[0])
  return Number.isFinite(ms) ? ms : undefined
}

/** The maximum number of names in a list. */
const maxNames = 50

function readList(query: unknown, name: string): string[] | undefined {
  const text = parameter(query, name)
  if (text === undefined || text === '') return undefined
  const parts = typeof text === 'string' ? text.split(',', maxNames + 1).map((part) => part.trim()) : []
  if (parts.length === 0 || parts.length > maxNames)
    throw new ArmError('badRequest', `The parameter ${name} is invalid.`)
  return parts
}

function secondsOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
}
