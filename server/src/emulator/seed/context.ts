import { randomUUID } from 'node:crypto'
import type { Audit, AuditEvent } from '../../audit/index.ts'
import type { Access } from '../../authorization/index.ts'
import type { Credentials } from '../../credentials/index.ts'
import type { Directory } from '../../directory/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { RegistryContent } from '../../registry/index.ts'
import type { Registry, Resources } from '../../resources/index.ts'
import type { SeedPath } from './seed-error.ts'

/** What a seed is applied to: the modules of a running server. */
export type SeedContext = {
  readonly database: Database
  readonly clock: Clock
  /** Sets the clock of the server. @throws Error if the clock cannot show the time */
  readonly setClock: (nowMs: number) => Promise<void>
  readonly audit: Pick<Audit, 'record'>
  readonly resources: Resources
  readonly directory: Directory
  readonly credentials: Credentials
  readonly access: Access
  readonly registry: { readonly content: RegistryContent }
  /** Awaited after registries were created. */
  readonly onRegistriesChanged: () => Promise<void>
}

/** What a change records in the audit log. */
export type SeedEvent = Pick<AuditEvent, 'action' | 'target' | 'detail'>

/** A change that the value at `path` needs. All changes are made in one transaction, in their order. */
export type SeedChange = {
  readonly path: SeedPath
  readonly make: (transaction: Transaction) => Promise<SeedEvent>
}

/** Who applies a seed, as the audit log and resources name it. */
export const seedAuthor = { name: 'seed', kind: 'Application' } as const
export const seedActor = { kind: 'system', id: 'seed' } as const

/** The origin of the changes of one application of a seed. */
export function seedOrigin() {
  return { correlationId: randomUUID(), remoteAddress: '', userAgent: undefined }
}

/** What is planned so far: the changes to make, and the principals and registries that exist afterwards. */
export type SeedPlan = {
  readonly changes: SeedChange[]
  readonly principals: SeedPrincipal[]
  readonly registries: SeedRegistry[]
}

/** A principal of the document. */
export type SeedPrincipal = {
  readonly name: string
  readonly objectId: string
  readonly kind: 'user' | 'service-principal' | 'group'
}

/** A registry of the document, or one that exists. */
export type SeedRegistry = {
  readonly name: string
  readonly id: string
  /** Undefined if the seed creates it. */
  readonly present: Registry | undefined
  /** The `rid`, once the registry exists. */
  readonly rid: () => string
}
