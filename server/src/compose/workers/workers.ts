import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Configuration } from '../../configuration/index.ts'
import type { AcmeCertificates } from '../../platform/acme/acme-certificates.ts'
import { isSocketPathTooLong } from '../../platform/process/control-channel.ts'
import { listenForForwarded } from '../../platform/http/forwarded.ts'
import type { ListenAddress } from '../../platform/http/acceptor.ts'
import { probe } from '../../platform/http/bind.ts'
import {
  SharedCallers,
  type SharedCallersMemory,
  createSharedCallersMemory,
} from '../../platform/limits/shared-callers.ts'
import type { Log } from '../../platform/log/log.ts'
import { createCountsMemory } from '../../platform/memory/shared-counts.ts'
import type { MetricsOfThread } from '../../platform/metrics/metrics.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { KeyPair } from '../../platform/tls/key-pair.ts'
import type { Modules } from '../modules/modules.ts'
import type { State } from '../state/state.ts'
import { type Counted, type CommonStart, WorkerPool } from '../../workers/index.ts'

/** The main thread's part of a server whose connections are accepted by workers. */
export type ThreadedListener = {
  readonly addresses: readonly ListenAddress[]
  /** The metrics of the workers, including ended workers. */
  metrics(): Promise<readonly MetricsOfThread[]>
  replaceCertificate(tls: KeyPair): void
  drain(): void
  close(milliseconds: number): Promise<void>
}

export type WorkersOptions = {
  readonly app: FastifyInstance
  readonly modules: Pick<Modules, 'registry' | 'activity' | 'audit' | 'auditing'>
  readonly state: Pick<State, 'dataDir' | 'dataKey' | 'revisions'>
  readonly tls: KeyPair | undefined
  readonly acme: AcmeCertificates | undefined
  readonly clock: Clock
  readonly log: Log
  readonly callers: CallersOfThreads | undefined
}

/** The memory about callers that the main thread shares with the workers. */
export type CallersOfThreads = { readonly memory: SharedCallersMemory; readonly ofMainThread: SharedCallers }

/** Creates the caller data that all threads share; undefined if there is only the main thread. */
export function shareCallers(configuration: Configuration): CallersOfThreads | undefined {
  const workers = workersOf(configuration)
  if (workers === 1) return undefined
  const memory = createSharedCallersMemory(workers + 1)
  return { memory, ofMainThread: new SharedCallers(memory, workers) }
}

/** The number of workers for `auto`. The main thread and the writer of the database need processors as well. */
export function workersOf({ workers }: Pick<Configuration, 'workers'>): number {
  return workers === 'auto' ? availableParallelism() : workers
}

/**
 * Accepts connections in workers: threads with their own event loops, at the same addresses. Returns undefined with a
 * warning if workers are not possible. Then only the main thread accepts connections.
 *
 * @throws the operating system's error if an address is in use or not available
 */
export async function listenOnThreads(
  configuration: Configuration,
  { app, modules, state, tls, acme, clock, log, callers }: WorkersOptions,
): Promise<ThreadedListener | undefined> {
  const threads = workersOf(configuration)
  if (callers === undefined) return undefined
  const forwardPath = join(state.dataDir.path, 'workers.sock')
  const { addresses, canShare } = await probe(configuration.listen)
  const obstacle = obstacleTo(configuration, forwardPath, canShare)
  if (obstacle !== undefined) {
    log.warn({ workers: threads }, `the main thread accepts all connections: ${obstacle}`)
    return undefined
  }
  const forwarded = await listenForForwarded(app, forwardPath)
  const start: CommonStart = {
    configuration,
    dataDir: state.dataDir.path,
    dataKey: state.dataKey,
    addresses,
    ticketKeys: randomBytes(48),
    forwardPath,
    revisions: state.revisions.memory,
    connections: createCountsMemory(threads),
    callers: callers.memory,
    clock: clock.memory,
    beats: new SharedArrayBuffer(4 * threads),
  }
  const pool = new WorkerPool(start, threads, {
    file: new URL('reading-thread.ts', import.meta.url),
    tls,
    named: () => acme?.shared(),
    log,
    onCounted: (counted) => addCounted(modules, counted),
    writeEvent: (event) => modules.audit.append(event),
  })
  acme?.onChange(() => pool.replaceNamedCertificates())
  try {
    await pool.start()
  } catch (error) {
    await Promise.all([pool.close(0), forwarded.close()])
    throw error
  }
  callers.ofMainThread.accepting = threads
  return {
    addresses,
    metrics: () => pool.metrics(),
    replaceCertificate: (pair) => pool.replaceCertificate(pair),
    drain: () => pool.drain(),
    close: async (milliseconds) => {
      await pool.close(milliseconds)
      await forwarded.close()
    },
  }
}

function obstacleTo({ database }: Configuration, forwardPath: string, canShare: boolean): string | undefined {
  if (!canShare) return 'threads cannot share an address on this system'
  if (process.platform === 'win32' || isSocketPathTooLong(forwardPath)) {
    return 'the path of the data directory is too long for a socket'
  }
  if (database.url !== undefined) return 'workers do not support PostgreSQL'
  return undefined
}

/** Adds the requests that a worker has answered. */
function addCounted({ registry, activity, auditing }: WorkersOptions['modules'], counted: Counted): void {
  registry.addPulls(counted.pulls)
  for (const { rid, kind, succeeded, count } of counted.transfers) {
    for (let time = 0; time < count; time += 1) activity.countTransfer(rid, kind, succeeded)
  }
  for (const [actor, credential] of counted.uses) auditing.recorder.noteUse(actor, credential)
}
