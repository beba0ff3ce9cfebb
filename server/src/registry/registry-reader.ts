import type { FastifyInstance } from 'fastify'
import type { CallerBudgets } from '../platform/limits/caller-budget.ts'
import type { RawExchange } from '../platform/http/raw-surface.ts'
import { getBlob, headBlob } from './blobs/get-blob.ts'
import { type ContextOptions, createContext } from './context.ts'
import { ReadingIntegrity } from './integrity/reading-integrity.ts'
import { getManifest, headManifest } from './manifests/get-manifest.ts'
import type { RecordedPulls } from './manifests/last-pulls.ts'
import { mountSurface } from './surface.ts'
import { sendJson } from './protocol/call.ts'
import type { Gate, Transfers, WhichRegistry } from './protocol/ports.ts'

export type RegistryReaderOptions = Omit<ContextOptions, 'acceptsSparseImages'> & {
  readonly gate: Gate
  readonly registries: WhichRegistry
  readonly transfers: Transfers
  readonly callerBudgets: CallerBudgets
  readonly leaveToMainThread: (exchange: RawExchange) => void
}

/** The part of a registry for a thread that only reads: manifests and blobs. */
export interface RegistryReader {
  /** Adds `/v2/*`. Requests that it does not answer are left to the main thread. */
  mount(app: FastifyInstance): void
  /** Returns the pull times since the last call, for the main thread. */
  takePulls(): RecordedPulls
  readonly manifestReads: { readonly hits: number; readonly misses: number }
}

/** Opens the reading part of the registry. Its database is read-only. */
export function createRegistryReader(options: RegistryReaderOptions): RegistryReader {
  const all = createContext({ ...options, acceptsSparseImages: false })
  const context = { ...all, integrity: new ReadingIntegrity(all) }
  return {
    mount: (app) =>
      mountSurface(app, {
        ...options,
        budgets: options.callerBudgets,
        handlers: {
          ping: async (call) => sendJson(call, 200, {}),
          getManifest: (call) => getManifest(context, call),
          headManifest: (call) => headManifest(context, call),
          getBlob: (call) => getBlob(context, call),
          headBlob: (call) => headBlob(context, call),
        },
      }),
    takePulls: () => context.lastPulls.take(),
    manifestReads: context.manifestCache.reads,
  }
}
