import { type ActivityCount, type ActivityRow, type Registry, hourMs } from '../../resources/index.ts'
import type { ManagementCall, ManagementContext } from '../arm/context.ts'
import { ArmError } from '../arm/errors.ts'
import { parameter } from '../arm/query.ts'
import { requireRegistry } from '../registries/registries.ts'

type MetricDefinition = {
  readonly name: string
  readonly displayName: string
  readonly description: string
  readonly unit: 'Count' | 'Bytes' | 'Seconds' | 'MilliSeconds'
  readonly primary: Aggregation
  /** The value of an hour in which something was counted or measured; undefined where the hour has none. */
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

/** The intervals that are served, in hours, and those that are raised to an hour, since nothing finer is kept. */
const intervals: ReadonlyMap<string, number> = new Map([
  ...['PT1M', 'PT5M', 'PT15M', 'PT30M'].map((name): [string, number] => [name, 1]),
  ['PT1H', 1],
  ['PT6H', 6],
  ['PT12H', 12],
  ['P1D', 24],
])

/** As long as Azure keeps metrics: so many points are made in a few milliseconds. */
const maxTimespanMs = 93 * 24 * hourMs

/** `GET …/providers/Microsoft.Insights/metrics`: the hourly metrics of a registry. [Azure Monitor REST, Metrics - List] */
export async function listMetrics(context: ManagementContext, { request, names }: ManagementCall): Promise<unknown> {
  const registry = await requireRegistry(context, names)
  const asked = readMetrics(request.query)
  const chosen = readAggregations(request.query) ?? [asked[0]?.primary ?? 'Total']
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
    value: asked.map((metric) => ({
      id: `${registry.id}/providers/Microsoft.Insights/metrics/${metric.name}`,
      type: 'Microsoft.Insights/metrics',
      name: nameOf(metric),
      displayDescription: metric.description,
      unit: metric.unit,
      timeseries: showsData ? [{ metadatavalues: [], data: dataOf(metric, byHour, span, hours, chosen) }] : [],
      errorCode: 'Success',
    })),
    namespace,
    resourceregion: registry.location,
  }
}

/** `GET …/providers/Microsoft.Insights/metricDefinitions` [Azure Monitor REST, Metric Definitions - List] */
export async function listMetricDefinitions(context: ManagementContext, { names }: ManagementCall): Promise<unknown> {
  const registry = await requireRegistry(context, names)
  return { value: definitions.map((metric) => definitionDocument(registry, metric)) }
}

/** `GET …/providers/Microsoft.Insights/metricNamespaces`: the one there is. [Azure Monitor REST, Metric Namespaces - List] */
export async function listMetricNamespaces(context: ManagementContext, { names }: ManagementCall): Promise<unknown> {
  const { id } = await requireRegistry(context, names)
  const value = {
    id: `${id}/providers/Microsoft.Insights/metricNamespaces/${namespace}`,
    type: 'Microsoft.Insights/metricNamespaces',
    name: namespace,
    classification: 'Platform',
    properties: { metricNamespaceName: namespace },
  }
  return { value: [value] }
}

function definitionDocument({ id }: Registry, metric: MetricDefinition) {
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

function dataOf(
  { valueOf }: MetricDefinition,
  byHour: ReadonlyMap<number, ActivityRow>,
  { fromMs, untilMs }: Timespan,
  hours: number,
  chosen: readonly Aggregation[],
) {
  const points: object[] = []
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

function aggregate(values: readonly number[], chosen: readonly Aggregation[]) {
  const total = values.reduce((sum, value) => sum + value, 0)
  const all = {
    Average: total / values.length,
    Minimum: Math.min(...values),
    Maximum: Math.max(...values),
    Total: total,
    Count: values.length,
  } satisfies Record<Aggregation, number>
  return Object.fromEntries(chosen.map((name) => [name.toLowerCase(), all[name]]))
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

/** The last hour where none is named. Whole hours, since nothing finer is kept; no more of them than are kept. */
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

/** At most so many names: more are none that exist. */
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
