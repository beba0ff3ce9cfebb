import { hash, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { FastifyInstance } from 'fastify'
import {
  AggregatorRegistry,
  Counter,
  Histogram,
  type Metric,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
  collectDefaultMetrics,
} from 'prom-client'
import { parseAuthorization } from '@acrux/shared/standards/http/authorization-header.ts'
import { type Distribution, type Figure, type FigureReading, type FigureSample } from './figure.ts'
import type { ListenAddress } from '../http/acceptor.ts'
import type { Log } from '../log/log.ts'

/** The metrics of the server, in the Prometheus format. */
export type Metrics = {
  /**
   * Listens on a separate address, and returns a function that stops the listener.
   * @throws the operating system's error
   */
  readonly serve: (
    address: ListenAddress,
    token: string | undefined,
    figures: readonly Figure[],
    others?: () => Promise<readonly MetricsOfThread[]>,
  ) => Promise<() => Promise<void>>
}

/** The metrics of another thread of the process. */
export type MetricsOfThread = readonly MetricObjectWithValues<MetricValue<string>>[]

/**
 * The maximum number of connections. The number is much larger than the number of scrapers of one server. The limit
 * prevents other clients from using all file descriptors of the server.
 */
const maxConnections = 64
/** The maximum time for receiving a request, in milliseconds. */
const arrivalMs = 10_000
const limits = {
  headersTimeout: arrivalMs,
  requestTimeout: arrivalMs,
  connectionsCheckingInterval: 5000,
  maxHeaderSize: 16 * 1024,
}

/**
 * Measures the process and the requests of an application. The application must not be ready yet. The figures of the
 * modules are added later.
 */
export function measure(app: FastifyInstance, log: Log): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  countRequests(app, registry)
  return {
    serve: async (address, token, figures, others) => {
      for (const figure of figures) registry.registerMetric(toMetric(figure, log))
      const server = http.createServer(limits, (request, response) => {
        if (request.method !== 'GET' || request.url !== '/metrics') {
          response.writeHead(404).end()
          return
        }
        if (token !== undefined && !bears(request, token)) {
          response.writeHead(401, { 'www-authenticate': 'Bearer realm="metrics"' }).end()
          return
        }
        collect(registry, others)
          .then((text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text))
          .catch((error: unknown) => {
            log.error({ err: error }, 'failed to collect the metrics')
            response.writeHead(500).end()
          })
      })
      server.maxConnections = maxConnections
      server.listen(address.port, address.host)
      await once(server, 'listening')
      return () =>
        new Promise((resolve) => {
          server.closeAllConnections()
          server.close(() => resolve())
        })
    },
  }
}

/** The metrics of this thread. If there are other threads, the sums over all threads. */
async function collect(registry: Registry, others: Parameters<Metrics['serve']>[3]): Promise<string> {
  if (others === undefined) return registry.metrics()
  return sumOf([await registry.getMetricsAsJSON(), ...(await others())]).metrics()
}

/** The sum of the metrics of several threads. */
export function sumOf(metrics: readonly MetricsOfThread[]): Registry {
  return AggregatorRegistry.aggregate(metrics.map((each) => [...each]))
}

/** Adds the counters of a thread that has ended to a sum. */
export async function addCounters(sum: MetricsOfThread, metrics: MetricsOfThread): Promise<MetricsOfThread> {
  return sumOf([sum, metrics.filter(({ type }) => String(type) !== 'gauge')]).getMetricsAsJSON()
}

/**
 * Measures the requests that a thread other than the main thread answers. Returns a function that reads all metrics of
 * this thread.
 */
export function measureThread(
  app: FastifyInstance,
  log: Log,
): (figures: readonly Figure[]) => () => Promise<MetricsOfThread> {
  const registry = new Registry()
  countRequests(app, registry)
  return (figures) => {
    for (const figure of figures) registry.registerMetric(toMetric(figure, log))
    return () => registry.getMetricsAsJSON()
  }
}

/**
 * Whether a request contains the token. The digests are compared, because the length of a digest does not depend on the
 * input.
 */
function bears({ headers }: http.IncomingMessage, token: string): boolean {
  const authorization = parseAuthorization(headers.authorization)
  if (authorization.scheme !== 'bearer') return false
  const digest = (text: string) => hash('sha256', text, 'buffer')
  return timingSafeEqual(digest(authorization.token), digest(token))
}

/** Converts a figure to a metric of prom-client, which only reads the values. */
function toMetric(figure: Figure, log: Log): Metric {
  const { name, help, kind } = figure
  const values = async () => {
    try {
      if (figure.kind === 'histogram') return bucketsOf(name, figure.read())
      return samplesOf(figure.labels ?? {}, await figure.read())
    } catch (error) {
      log.warn({ err: error, metric: name }, 'failed to read a metric')
      return []
    }
  }
  const get = async () => ({ name, help, type: kind, aggregator: 'sum', values: await values() })
  return { name, get } as unknown as Metric
}

function samplesOf(labels: Readonly<Record<string, readonly string[]>>, reading: FigureReading): FigureSample[] {
  if (reading === undefined) return []
  if (typeof reading === 'number') return [{ labels: {}, value: reading }]
  const sums = new Map<string, FigureSample>()
  for (const sample of reading) {
    const closed = Object.fromEntries(
      Object.entries(labels).map(([label, known]) => {
        const value = sample.labels[label] ?? ''
        return [label, known.includes(value) ? value : 'other']
      }),
    )
    const key = Object.values(closed).join('\n')
    sums.set(key, { labels: closed, value: (sums.get(key)?.value ?? 0) + sample.value })
  }
  return [...sums.values()]
}

function bucketsOf(name: string, { bounds, counts, sum }: Distribution) {
  let count = 0
  const buckets = counts.map((counted, index) => {
    count += counted
    return { metricName: `${name}_bucket`, labels: { le: String(bounds[index] ?? '+Inf') }, value: count }
  })
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: {}, value: sum },
    { metricName: `${name}_count`, labels: {}, value: count },
  ]
}

/**
 * Counts and measures requests. Labels have few values, such as a method, a status and the pattern of a route. A text
 * that a client chose is never a label.
 */
function countRequests(app: FastifyInstance, registry: Registry): void {
  const labelNames = ['method', 'route', 'status'] as const
  const requests = new Counter({
    name: 'acrux_http_requests_total',
    help: 'Requests answered.',
    labelNames,
    registers: [registry],
  })
  const bySurface = new Counter({
    name: 'acrux_requests_total',
    help: 'Answered requests, by surface and outcome.',
    labelNames: ['surface', 'outcome'] as const,
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'acrux_http_request_seconds',
    help: 'Time from the first byte of a request to the last byte of the response.',
    labelNames: ['method', 'route'] as const,
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60],
    registers: [registry],
  })
  app.completionListeners.push(({ method, route = 'none', surface = 'other', status, aborted, milliseconds }) => {
    bySurface.inc({ surface, outcome: outcomeOf(status, aborted) })
    requests.inc({ method, route, status: String(status) })
    seconds.observe({ method, route }, milliseconds / 1000)
  })
}

function outcomeOf(status: number, aborted: boolean): string {
  if (aborted) return 'aborted'
  if (status < 400) return 'success'
  if (status === 401 || status === 403) return 'denied'
  if (status === 429) return 'limited'
  if (status === 507) return 'full'
  return status < 500 ? 'rejected' : 'failed'
}
