import type { FastifyInstance } from 'fastify'
import type { Transaction } from '../platform/sql/database.ts'

/** How much a registry holds. */
export type RegistryUsage = { readonly sizeBytes: number }

/** The OCI and `/acr/v1` surfaces and all behind them. */
export interface RegistryRoom {
  /** Adds `/v2/*` and `/acr/v1/*`. */
  mount(app: FastifyInstance): void
  usage(rid: string): Promise<RegistryUsage>
  /** Forgets all that a registry holds, when the registry is deleted; the bytes follow with the next collection. */
  deleteContent(transaction: Transaction, rid: string): Promise<void>
  /** Deletes what nobody can reach any more, and returns how much that was. */
  collectGarbage(): Promise<{ readonly blobs: number; readonly uploads: number }>
}

export type {
  Admission,
  Gate,
  HostedRegistry,
  RegistryCaller,
  RegistryNeed,
  RegistryRefusal,
  WhichRegistry,
} from './ports.ts'
export { createRegistryRoom } from './registry.ts'
export { registryMigrations } from './migrations.ts'
