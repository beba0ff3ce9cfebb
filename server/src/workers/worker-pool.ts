import { once } from 'node:events'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import type { Log } from '../platform/log/log.ts'
import type { SharedCertificates } from '../platform/acme/acme-certificates.ts'
import { SharedCounts } from '../platform/memory/shared-counts.ts'
import type { MetricsOfThread } from '../platform/metrics/metrics.ts'
import { startPackagedThread } from '../platform/process/packaged-file.ts'
import type { KeyPair } from '../platform/tls/key-pair.ts'
import type { AuditEvent } from '../audit/index.ts'
import type { Counted, EventsToWrite, FromWorker, ToWorker, WorkerStart } from './messages.ts'

/** The data with which all workers are started. */
export type CommonStart = Omit<WorkerStart, 'index' | 'tls' | 'named'>

export type PoolOptions = {
  /** The URL of the worker's code. */
  readonly file: URL
  readonly tls: KeyPair | undefined
  /** The current certificates of an ACME provider; undefined without an ACME provider. */
  readonly named: () => SharedCertificates | undefined
  readonly log: Log
  readonly onCounted: (counted: Counted) => void
  /** Writes an event to the audit log, and returns when the event is durable. */
  readonly writeEvent: (event: AuditEvent) => Promise<void>
}

/** The pause before a failed worker is replaced. Each failure makes the pause longer, up to the maximum. */
const firstPauseMs = 100
const maxPauseMs = 10_000
/** A worker that ran for this long counts as started successfully. */
const settledMs = 60_000
/**
 * The interval at which the heartbeats of the workers are compared, and the time after which a worker with an unchanged heartbeat is
 * terminated.
 */
const lookMs = 5000
const maxSilentLooks = 6
/** The maximum time that a worker may take to reply. */
const replyMs = 2000

type Reply = Extract<FromWorker, { kind: 'metrics' | 'named-certificates' }>

type Running = { readonly worker: Worker; beat: number; silentLooks: number }

/** The workers of a server. A worker that ends is replaced; requests on its connections fail. */
export class WorkerPool {
  readonly #file: URL
  readonly #start: CommonStart
  readonly #threads: number
  readonly #log: Log
  readonly #onCounted: PoolOptions['onCounted']
  readonly #writeEvent: PoolOptions['writeEvent']
  readonly #running = new Map<number, Running>()
  readonly #named: PoolOptions['named']
  readonly #asked = new Map<number, (reply: Reply) => void>()
  readonly #lastMetrics = new Map<Worker, MetricsOfThread>()
  /** The counters of workers that have ended. */
  #endedMetrics: Promise<MetricsOfThread> = Promise.resolve([])
  readonly #watching: NodeJS.Timeout
  #tls: KeyPair | undefined
  #id = 0
  #isDraining = false
  #isClosing = false

  constructor(start: CommonStart, threads: number, { file, tls, named, log, ...handlers }: PoolOptions) {
    this.#file = file
    this.#start = start
    this.#threads = threads
    this.#tls = tls
    this.#named = named
    this.#log = log
    this.#onCounted = handlers.onCounted
    this.#writeEvent = handlers.writeEvent
    this.#watching = setInterval(() => this.#endSilent(), lookMs).unref()
  }

  /** Starts all workers, and returns when they accept connections. @throws an error if a worker cannot start */
  async start(): Promise<void> {
    await Promise.all(Array.from({ length: this.#threads }, (_, index) => this.#startWorker(index, firstPauseMs)))
  }

  replaceCertificate(tls: KeyPair): void {
    this.#tls = tls
    this.#tell({ kind: 'certificate', tls })
  }

  /** Continues to accept connections, and closes each connection after its next response. */
  drain(): void {
    this.#isDraining = true
    this.#tell({ kind: 'drain' })
  }

  /** Sends the certificates of the ACME provider, and returns when the workers use them. */
  async replaceNamedCertificates(): Promise<void> {
    const named = this.#named()
    if (named === undefined) return
    const workers = [...this.#running.values()]
    await Promise.all(
      workers.map(({ worker }) => this.#ask(worker, (id) => ({ kind: 'named-certificates', id, named }))),
    )
  }

  /** The metrics of every worker, and the counters of workers that have ended. */
  async metrics(): Promise<readonly MetricsOfThread[]> {
    const workers = [...this.#running.values()].map(({ worker }) => this.#metricsOf(worker))
    return [await this.#endedMetrics, ...(await Promise.all(workers))]
  }

  /** Stops accepting connections, and ends the workers after they have answered their requests. */
  async close(milliseconds: number): Promise<void> {
    this.#isClosing = true
    clearInterval(this.#watching)
    const ended = [...this.#running.values()].map(({ worker }) => once(worker, 'exit'))
    this.#tell({ kind: 'close', milliseconds })
    const late = sleep(milliseconds + lookMs, 'late', { ref: false })
    if ((await Promise.race([Promise.all(ended), late])) !== 'late') return
    for (const [index, { worker }] of this.#running) {
      this.#log.error(
        { worker: index, id: randomUUID() },
        'a worker did not stop in time, and the server ends the worker',
      )
      await worker.terminate()
    }
  }

  #tell(message: ToWorker): void {
    for (const { worker } of this.#running.values()) worker.postMessage(message)
  }

  async #startWorker(index: number, pauseMs: number): Promise<void> {
    const workerData: WorkerStart = { ...this.#start, index, tls: this.#tls, named: this.#named() }
    const worker = startPackagedThread(this.#file, { workerData })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const begunMs = performance.now()
    let failure: unknown
    this.#running.set(index, { worker, beat: 0, silentLooks: 0 })
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'listening') {
        // The certificates may have been replaced in the meantime.
        if (this.#tls !== undefined) worker.postMessage({ kind: 'certificate', tls: this.#tls } satisfies ToWorker)
        if (this.#isDraining) worker.postMessage({ kind: 'drain' } satisfies ToWorker)
        void this.replaceNamedCertificates()
        resolve()
      } else this.#receive(worker, message)
    })
    worker.on('error', (error) => {
      failure = error
    })
    worker.on('exit', () => {
      this.#forget(index, worker)
      const error = failure ?? new Error('the worker ended')
      reject(error)
      const ranMs = performance.now() - begunMs
      if (!this.#isClosing) this.#replace(index, error, ranMs > settledMs ? firstPauseMs : pauseMs)
    })
    return promise
  }

  #replace(index: number, error: unknown, pauseMs: number): void {
    this.#log.error(
      { err: error, worker: index, id: randomUUID() },
      'a worker ended, and the server starts a new worker',
    )
    setTimeout(() => {
      if (this.#isClosing) return
      this.#startWorker(index, Math.min(2 * pauseMs, maxPauseMs)).then(
        () => this.#log.info({ worker: index }, 'a worker was replaced'),
        () => undefined,
      )
    }, pauseMs)
  }

  #receive(worker: Worker, message: Exclude<FromWorker, { kind: 'listening' }>): void {
    switch (message.kind) {
      case 'counted':
        this.#onCounted(message)
        return
      case 'events':
        void this.#writeEvents(worker, message)
        return
      case 'metrics':
        this.#lastMetrics.set(worker, message.metrics)
        this.#asked.get(message.id)?.(message)
        return
      case 'named-certificates':
        this.#asked.get(message.id)?.(message)
        return
      case 'closed':
    }
  }

  async #writeEvents(worker: Worker, { id, events }: EventsToWrite): Promise<void> {
    const outcomes = await Promise.allSettled(events.map(this.#writeEvent))
    const isWritten = outcomes.every(({ status }) => status === 'fulfilled')
    worker.postMessage({ kind: 'events-written', id, isWritten } satisfies ToWorker)
  }

  /** Deletes the shared-memory counts of a worker that has ended, and keeps its counters. */
  #forget(index: number, worker: Worker): void {
    this.#running.delete(index)
    for (const memory of [this.#start.connections, this.#start.callers.running]) new SharedCounts(memory, index).clear()
    const last = this.#lastMetrics.get(worker)
    this.#lastMetrics.delete(worker)
    if (last !== undefined) this.#endedMetrics = this.#endedMetrics.then((sum) => addCounters(sum, last))
  }

  async #metricsOf(worker: Worker): Promise<MetricsOfThread> {
    const reply = await this.#ask(worker, (id) => ({ kind: 'metrics', id }))
    // The metrics of a worker that is blocked or has ended are the metrics that it sent last.
    return reply?.kind === 'metrics' ? reply.metrics : (this.#lastMetrics.get(worker) ?? [])
  }

  /** Sends a message, and returns the reply; undefined after a timeout. */
  async #ask(worker: Worker, message: (id: number) => ToWorker): Promise<Reply | undefined> {
    const id = ++this.#id
    const replied = new Promise<Reply>((resolve) => this.#asked.set(id, resolve))
    worker.postMessage(message(id))
    const reply = await Promise.race([replied, sleep(replyMs, undefined, { ref: false })])
    this.#asked.delete(id)
    return reply
  }

  /** Terminates the workers whose event loops do not run, because their connections would otherwise wait for ever. */
  #endSilent(): void {
    const beats = new Int32Array(this.#start.beats)
    for (const [index, running] of this.#running) {
      const beat = Atomics.load(beats, index)
      running.silentLooks = beat === running.beat ? running.silentLooks + 1 : 0
      running.beat = beat
      if (running.silentLooks < maxSilentLooks) continue
      this.#log.error({ worker: index, id: randomUUID() }, 'a worker does not respond, and the server ends the worker')
      void running.worker.terminate()
    }
  }
}

/** The metrics are loaded only if the server publishes them. */
async function addCounters(sum: MetricsOfThread, metrics: MetricsOfThread): Promise<MetricsOfThread> {
  return (await import('../platform/metrics/metrics.ts')).addCounters(sum, metrics)
}
