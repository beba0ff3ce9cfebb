import type { Audit, AuditEvent } from '../audit/index.ts'
import type { SharedCertificates } from '../platform/acme/acme-certificates.ts'
import type { ListenAddress } from '../platform/http/acceptor.ts'
import type { SharedCallersMemory } from '../platform/limits/shared-callers.ts'
import type { CountsMemory } from '../platform/memory/shared-counts.ts'
import type { MetricsOfThread } from '../platform/metrics/metrics.ts'
import type { KeyPair } from '../platform/tls/key-pair.ts'
import type { RegistryReader } from '../registry/index.ts'

/** The data with which a worker is started. */
export type WorkerStart<Settings = unknown> = {
  readonly configuration: Settings
  readonly dataDir: string
  /** The key that encrypts secrets. */
  readonly dataKey: Uint8Array
  /** The number of this worker. The first number is 0. */
  readonly index: number
  readonly addresses: readonly ListenAddress[]
  readonly tls: KeyPair | undefined
  /** The certificates of an ACME provider; undefined without an ACME provider. */
  readonly named: SharedCertificates | undefined
  readonly ticketKeys: Uint8Array
  /** The socket on which the main thread receives the requests that the worker does not answer. */
  readonly forwardPath: string
  readonly revisions: SharedArrayBuffer
  /** The connections of each network. */
  readonly connections: CountsMemory
  readonly callers: SharedCallersMemory
  /** The steered clock of all threads. Undefined if they use the clock of the machine. */
  readonly clock: SharedArrayBuffer | undefined
  /** An array with one number per worker. Each worker changes its number while its event loop runs. */
  readonly beats: SharedArrayBuffer
}

/** A message from the main thread to a worker. */
export type ToWorker =
  | { readonly kind: 'certificate'; readonly tls: KeyPair }
  | { readonly kind: 'named-certificates'; readonly id: number; readonly named: SharedCertificates }
  | { readonly kind: 'metrics'; readonly id: number }
  | EventsWritten
  | { readonly kind: 'drain' }
  | { readonly kind: 'close'; readonly milliseconds: number }

/** Requests that a worker has answered, for the modules of the main thread. */
export type Counted = {
  readonly pulls: ReturnType<RegistryReader['takePulls']>
  readonly transfers: readonly {
    readonly rid: string
    readonly kind: 'pull' | 'push'
    readonly succeeded: boolean
    readonly count: number
  }[]
  readonly uses: readonly Parameters<Audit['noteUse']>[]
}

/** Audit events of requests. A worker answers these requests as soon as the main thread has written the events. */
export type EventsToWrite = { readonly kind: 'events'; readonly id: number; readonly events: readonly AuditEvent[] }

/** The reply to {@link EventsToWrite}. */
export type EventsWritten = { readonly kind: 'events-written'; readonly id: number; readonly isWritten: boolean }

/** A message from a worker to the main thread. */
export type FromWorker =
  | { readonly kind: 'listening' }
  | ({ readonly kind: 'counted' } & Counted)
  | EventsToWrite
  | { readonly kind: 'metrics'; readonly id: number; readonly metrics: MetricsOfThread }
  | { readonly kind: 'named-certificates'; readonly id: number }
  | { readonly kind: 'closed' }
