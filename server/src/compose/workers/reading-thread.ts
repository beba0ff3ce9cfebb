import type { RequestListener } from 'node:http'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { FastifyInstance } from 'fastify'
import type { Configuration } from '../../configuration/index.ts'
import type { SharedCertificates } from '../../platform/acme/acme-certificates.ts'
import { databaseFileIn } from '../../platform/files/data-dir.ts'
import { createApp } from '../../platform/http/app.ts'
import { createForwarder } from '../../platform/http/forwarded.ts'
import { listen } from '../../platform/http/listener.ts'
import { listenerFigures } from '../../platform/metrics/listener-figures.ts'
import { listenerLimits } from '../../platform/http/listener-limits.ts'
import { isEncodedPath, requestListener } from '../../platform/http/raw-surface.ts'
import { streamBody } from '../../platform/http/slow-clients.ts'
import { sealerOfKey } from '../../platform/keys/sealing.ts'
import { CallerBudgets } from '../../platform/limits/caller-budget.ts'
import { SharedCallers } from '../../platform/limits/shared-callers.ts'
import { type Log, createLog } from '../../platform/log/log.ts'
import { SharedCounts } from '../../platform/memory/shared-counts.ts'
import { SharedRevisions } from '../../platform/memory/shared-revisions.ts'
import { systemClock } from '../../platform/process/clock.ts'
import { sharedClock } from '../../platform/process/shared-clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import { openSqliteReader } from '../../platform/sql/sqlite-reader.ts'
import { NamedPairs } from '../../platform/tls/named-pairs.ts'
import { type RegistryReader, manifestCacheFigure, readsStream } from '../../registry/index.ts'
import { callerLimitsOf } from '../modules/authority.ts'
import { openStorage } from '../../installation/index.ts'
import {
  CountedRequests,
  ForwardedEvents,
  type FromWorker,
  type ToWorker,
  type WorkerStart,
} from '../../workers/index.ts'
import { createReadingModules } from './reading-modules.ts'

/*
 * A thread that accepts connections. The thread answers pulls of manifests and blobs, and requests for tokens, and
 * leaves all other requests to the main thread.
 */

/** How often the main thread gets the counts of requests. */
const reportMs = 250
/** How often the thread reports that its event loop is running. */
const beatMs = 1000

async function run(port: MessagePort, start: WorkerStart<Configuration>): Promise<void> {
  const { configuration, index } = start
  const log = createLog(configuration.logLevel)
  const post = (message: FromWorker): void => port.postMessage(message)
  const counted = new CountedRequests()
  const events = new ForwardedEvents(post)
  const { app, registry, database, answer } = await openReading(start, { counted, events, log })
  // Loaded only if metrics are served, to save memory.
  const measure =
    configuration.metricsListen && (await import('../../platform/metrics/metrics.ts')).measureThread(app, log)
  await app.ready()
  const named = start.named && receivedCertificates(start.named)
  const listener = await listen(app, {
    ...listenerLimits(configuration.limits, true),
    addresses: start.addresses,
    tls: start.tls,
    named: named?.listener,
    shared: { ticketKeys: start.ticketKeys, connections: new SharedCounts(start.connections, index) },
    answer: answer(requestListener(app)),
  })
  const figures = [...listenerFigures(listener.counts), manifestCacheFigure(() => registry.manifestReads)]
  const readMetrics = measure?.(figures)
  const report = () => {
    const found = counted.take(registry.takePulls())
    if (found !== undefined) post({ kind: 'counted', ...found })
  }
  const reporting = setInterval(report, reportMs)
  const beats = new Int32Array(start.beats)
  setInterval(() => Atomics.add(beats, index, 1), beatMs).unref()
  const handle = async (message: ToWorker): Promise<void> => {
    switch (message.kind) {
      case 'certificate':
        listener.replaceCertificate(message.tls)
        return
      case 'drain':
        listener.drain()
        return
      case 'named-certificates':
        named?.replace(message.named)
        post({ kind: 'named-certificates', id: message.id })
        return
      case 'metrics':
        post({ kind: 'metrics', id: message.id, metrics: (await readMetrics?.()) ?? [] })
        return
      case 'events-written':
        events.settle(message)
        return
      case 'close':
        await listener.close(message.milliseconds)
        clearInterval(reporting)
        report()
        await app.close()
        await database.close()
        log.flush()
        post({ kind: 'closed' })
        port.close()
    }
  }
  port.on('message', (message: ToWorker) => void handle(message))
  post({ kind: 'listening' })
}

/** The certificates of the ACME provider, as the main thread sends them. */
function receivedCertificates(first: SharedCertificates) {
  const [certificates, challenges] = [new NamedPairs(systemClock), new NamedPairs(systemClock)]
  const replace = (named: SharedCertificates): void => {
    certificates.replace(named.certificates)
    challenges.replace(named.challenges)
  }
  replace(first)
  return { replace, listener: { contextOf: certificates.contextOf, challenges } }
}

type Answer = (answerHere: RequestListener) => RequestListener

type Reading = {
  readonly app: FastifyInstance
  readonly registry: RegistryReader
  readonly database: Database
  readonly answer: Answer
}

async function openReading(
  { configuration, dataDir, ...start }: WorkerStart<Configuration>,
  { counted, events, log }: { readonly counted: CountedRequests; readonly events: ForwardedEvents; readonly log: Log },
): Promise<Reading> {
  const clock = start.clock === undefined ? systemClock : sharedClock(start.clock)
  const revisions = new SharedRevisions(start.revisions)
  const database = openSqliteReader(databaseFileIn(dataDir), revisions)
  const callers = new SharedCallers(start.callers, start.index)
  const callerBudgets = new CallerBudgets(callerLimitsOf(configuration), () => performance.now(), callers)
  const forward = createForwarder(start.forwardPath, () => app)
  const place = { path: dataDir, filesAreHeld: () => true }
  const storage = await openStorage(configuration, place, { clock, env: process.env })
  const { tokenService, registry } = createReadingModules({
    configuration,
    database,
    sealer: sealerOfKey(start.dataKey),
    blobs: storage.blobs,
    clock,
    log,
    revisions,
    callerBudgets,
    counted,
    audit: { ...events.audit, noteUse: counted.noteUse },
    leaveToMainThread: ({ request, response, bodyText }) => forward(request, response, bodyText),
  })
  const app = createApp({
    log,
    trustedProxies: configuration.behindProxy,
    hstsIncludeSubDomains: configuration.hstsIncludeSubDomains,
    callerBudgets,
  })
  registry.mount(app)
  tokenService.mount(app)
  const answer: Answer = (answerHere) => (request, response) => {
    if (mayBeAnswered(request.method, request.url)) {
      answerHere(request, response)
      return
    }
    if (readsStream(request)) streamBody(request)
    forward(request, response)
  }
  app.addHook('onClose', () => storage.objects?.close())
  return { app, registry, database, answer }
}

/** Whether this thread may have a handler for a request. */
function mayBeAnswered(method: string | undefined, url = ''): boolean {
  if (isEncodedPath(url)) return false
  return url.startsWith('/v2/') ? method === 'GET' || method === 'HEAD' : url.startsWith('/oauth2/')
}

if (parentPort === null) throw new Error('this file must run in a worker thread')
// A failure ends the thread, and the main thread reports it.
void run(parentPort, workerData as WorkerStart<Configuration>)
