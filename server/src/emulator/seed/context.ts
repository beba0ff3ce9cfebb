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

/** The modules of the running server to which the seed is applied. */
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
  /** The caller awaits this function after registries were created. */
  readonly onRegistriesChanged: () => Promise<void>
}

/** The part of an audit event that a change records. */
export type SeedEvent = Pick<AuditEvent, 'action' | 'target' | 'detail'>

/** A change that the value at `path` requires. The server makes all changes in one transaction, in their order. */
export type SeedChange = {
  readonly path: SeedPath
  readonly make: (transaction: Transaction) => Promise<SeedEvent>
}

/** The name of the seed as the actor, in the audit log and in resources. */
export const seedAuthor = { name: 'seed', kind: 'Application' } as const
export const seedActor = { kind: 'system', id: 'seed' } as const

/** The origin of the changes of one application of a seed. */
export function seedOrigin() {
  return { correlationId: randomUUID(), remoteAddress: '', userAgent: undefined }
}

/** The state of the plan: the changes to make, and the principals and registries that exist after these changes. */
export type SeedPlan = {
  readonly changes: SeedChange[]
  readonly principals: SeedPrincipal[]
  readonly registries: SeedRegistry[]
}

/** A principal in the document. */
export type SeedPrincipal = {
  readonly name: string
  readonly objectId: string
  readonly kind: 'user' | 'service-principal' | 'group'
}

/** A registry in the document, or a registry that already exists. */
export type SeedRegistry = {
  readonly name: string
  readonly id: string
  /** The value is undefined if the seed creates the registry. */
  readonly present: Registry | undefined
  /** The `rid`, once the registry exists. */
  readonly rid: () => string
}
