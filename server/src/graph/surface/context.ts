import type { FastifyRequest } from 'fastify'
import { type Audit, type AuditEvent, recordChange } from '../../audit/index.ts'
import type { Call } from '../../platform/http/surface.ts'
import type { Log } from '../../platform/log/log.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import { type Guid, parseGuid } from '../../standards/azure/guid.ts'
import type { ApplicationRecord, Directory, ServicePrincipalRecord } from '../../directory/index.ts'
import { insufficientPrivileges, resourceNotFound } from './errors.ts'
import type { Credentials } from '../../credentials/index.ts'
import type { Consents, GraphSender } from './model.ts'

/** What the handlers of the Graph surface work with. */
export type GraphContext = {
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
export type GraphHandler = (context: GraphContext, call: GraphCall) => Promise<unknown>

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
  { directory }: GraphContext,
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
  context: GraphContext,
  caller: GraphCaller,
  id: string,
  row: One | undefined,
): Promise<One> {
  if (row !== undefined && (caller.readsAll || (await ownAmong(context, caller, [row])).length > 0)) return row
  throw caller.readsAll ? resourceNotFound(id) : insufficientPrivileges()
}

type ChangeEvent = Pick<AuditEvent, 'action' | 'target' | 'detail'>

/** Makes a change and records its event in the same transaction. */
export function change<Result>(
  context: GraphContext,
  call: GraphCall,
  work: (transaction: Transaction) => Promise<Result>,
  event: (result: Result) => ChangeEvent,
): Promise<Result> {
  return recordChange(context, call, async (transaction) => {
    const result = await work(transaction)
    return { result, event: event(result) }
  })
}

/**
 * What a caller must have: `visible` lets everybody in who is signed in, and the handler shows only what is the caller's
 * own, or all to a directory owner and a directory reader; `self` lets everybody in too, to what they may do to themselves;
 * `application-owner` is an owner of the application in the path, `group-owner` is an owner of the group in the path, or for
 * both a directory owner.
 */
export type GraphNeed = 'visible' | 'self' | 'application-owner' | 'group-owner' | 'directory-owner'

/** A row of the Graph surface's table. */
export type GraphRow = {
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly need: GraphNeed
  readonly handle: GraphHandler
}

/** The other object id in the path. @throws GraphError where there is none. */
export function requireOtherId({ params }: GraphCall, name: string): string {
  const text = params[name] ?? ''
  const id = parseGuid(text)
  if (id === undefined) throw resourceNotFound(text)
  return id
}
