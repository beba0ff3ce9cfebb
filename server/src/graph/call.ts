import type { FastifyRequest } from 'fastify'
import type { Audit, AuditEvent } from '../audit/index.ts'
import type { Call } from '../platform/http/surface.ts'
import type { Log } from '../platform/log/log.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import { type Guid, parseGuid } from '../standards/azure/guid.ts'
import type { Credentials } from '../credentials/index.ts'
import {
  type ApplicationRecord,
  type Directory,
  type ServicePrincipalRecord,
  resourceNotFound,
} from '../directory/index.ts'
import { insufficientPrivileges } from './errors.ts'
import type { Consents, GraphSender } from './model.ts'

/** What the handlers of the Graph surface work with. */
export type Graph = {
  readonly database: Database
  readonly audit: Audit
  readonly log: Log
  readonly publicOrigin: string
  readonly credentials: Credentials
  readonly directory: Directory
  readonly consents: Consents
  /** Whether a service principal holds a role that lets it assign roles, itself or through a group that it is in or owns. */
  readonly mayAssignRoles: (objectId: string) => Promise<boolean>
}

/** Somebody whose token held. */
export type GraphCaller = GraphSender & {
  /** Whether the caller has the directory role `owner`, which may do all. */
  readonly isDirectoryOwner: boolean
  /** Whether the caller sees everything, as owners and readers do. Everybody else sees what is their own. */
  readonly readsAll: boolean
}

/** One request of the Graph surface. */
export type GraphCall = Call<GraphCaller>

/** A handler of the Graph surface. */
export type GraphHandler = (graph: Graph, call: GraphCall) => Promise<unknown>

/** What a list is narrowed to: nothing for who reads all, the caller's own for everybody else. */
export function visibleTo({ principal, readsAll }: GraphCaller) {
  if (readsAll) return undefined
  return { objectId: principal.objectId, appId: principal.kind === 'service-principal' ? principal.appId : '' }
}

type ApplicationOrPrincipal = ApplicationRecord | ServicePrincipalRecord

/** The application, or the one behind a service principal. */
export function applicationIdOf(row: ApplicationOrPrincipal): string {
  return 'applicationId' in row ? row.applicationId : row.objectId
}

/** Of applications or service principals, those that are the caller, or whose application the caller owns. */
export async function ownAmong<One extends ApplicationOrPrincipal>(
  { directory }: Graph,
  { principal }: GraphCaller,
  rows: readonly One[],
): Promise<readonly One[]> {
  const owned = await directory.applications.ownedAmong(principal.objectId, rows.map(applicationIdOf))
  const isCaller = (row: One) => principal.kind === 'service-principal' && row.appId === principal.appId
  return rows.filter((row) => isCaller(row) || owned.has(applicationIdOf(row)))
}

/** The object id in the path, if there is one. */
export function parsePathId({ params }: FastifyRequest): Guid | undefined {
  const id = typeof params === 'object' && params !== null && 'id' in params ? params.id : undefined
  return typeof id === 'string' ? parseGuid(id) : undefined
}

/** The object id in the path. @throws GraphError where there is none. */
export function requirePathId({ request, params }: GraphCall): Guid {
  const id = parsePathId(request)
  if (id === undefined) throw resourceNotFound(params['id'] ?? '')
  return id
}

/**
 * Gives what the caller may see. Whether something else exists is nobody else's business, so a stranger reads "not
 * found" and "not yours" as the same refusal.
 */
export async function requireVisible<One extends ApplicationOrPrincipal>(
  graph: Graph,
  caller: GraphCaller,
  id: string,
  row: One | undefined,
): Promise<One> {
  if (row !== undefined && (caller.readsAll || (await ownAmong(graph, caller, [row])).length > 0)) return row
  throw caller.readsAll ? resourceNotFound(id) : insufficientPrivileges()
}

/** The sender of a request and their credential, as an audit event names them. */
export function provedBy({ principal, credentialId }: GraphSender): Pick<AuditEvent, 'actor' | 'credential'> {
  return {
    actor: { kind: principal.kind, id: principal.objectId },
    credential: { kind: 'identity-token', id: credentialId },
  }
}

type ChangeEvent = {
  readonly action: string
  readonly target: string
  readonly detail?: Readonly<Record<string, unknown>>
}

/** Makes a change and writes its event, which may tell of the result, in the same transaction. */
export function change<Result>(
  { database, audit }: Graph,
  { caller, origin }: GraphCall,
  work: (transaction: Transaction) => Promise<Result>,
  event: (result: Result) => ChangeEvent,
): Promise<Result> {
  return database.transaction(async (transaction) => {
    const result = await work(transaction)
    await audit.record(transaction, { ...event(result), outcome: 'success', ...provedBy(caller), origin })
    return result
  })
}
