import type { FastifyRequest } from 'fastify'
import { type Audit, type AuditEvent, recordChange } from '../../audit/index.ts'
import type { Call } from '../../platform/http/surface.ts'
import type { Log } from '../../platform/log/log.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import { type Guid, parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { ApplicationRecord, Directory, MayBecome, ServicePrincipalRecord } from '../../directory/index.ts'
import { insufficientPrivileges, mayNotBecome, ownMethodsElsewhere, resourceNotFound } from './errors.ts'
import type { Credentials } from '../../credentials/index.ts'
import type { Consents, FindClientName, GraphSender, IdentityProvider, TestWorkloadToken } from './model.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/** The dependencies of the handlers of the Graph surface. */
export type GraphContext = {
  readonly database: Database
  readonly clock: Clock
  readonly audit: Audit
  readonly log: Log
  readonly publicOrigin: PublicOrigin
  readonly credentials: Credentials
  readonly directory: Directory
  readonly consents: Consents
  readonly mayBecome: MayBecome
  readonly testWorkloadToken: TestWorkloadToken
  readonly findClientName: FindClientName
  /** The providers at which people can sign in. */
  readonly identityProviders: readonly IdentityProvider[]
}

/** The authenticated sender of a request. */
export type GraphCaller = GraphSender & {
  /** Whether the caller has the directory role `owner`, which permits everything. */
  readonly isDirectoryOwner: boolean
  /** Whether the caller sees all objects, as owners and readers do. All others see only their own. */
  readonly readsAll: boolean
}

/** One request of the Graph surface. */
export type GraphCall = Call<GraphCaller>

/** The filter for the objects that a caller may see: undefined for a caller that sees all. */
export function visibleTo({ principal, readsAll }: GraphCaller) {
  if (readsAll) return undefined
  return { objectId: principal.objectId, appId: principal.kind === 'service-principal' ? principal.appId : '' }
}

type ApplicationOrPrincipal = ApplicationRecord | ServicePrincipalRecord

/** The object id of an application, or of the application of a service principal. */
export function applicationIdOf(row: ApplicationOrPrincipal): string {
  return 'applicationId' in row ? row.applicationId : row.objectId
}

/** The applications and service principals among `rows` that are the caller, or that the caller owns. */
export async function ownAmong<One extends ApplicationOrPrincipal>(
  { directory }: GraphContext,
  { principal }: GraphCaller,
  rows: readonly One[],
): Promise<readonly One[]> {
  const owned = await directory.applications.ownedAmong(principal.objectId, rows.map(applicationIdOf))
  const isCaller = (row: One) => principal.kind === 'service-principal' && row.appId === principal.appId
  return rows.filter((row) => isCaller(row) || owned.has(applicationIdOf(row)))
}

/**
 * Requires that the caller may get to act for a principal, or become a member of a group. Every route that makes this
 * possible calls it.
 *
 * @throws GraphError 403
 */
export async function requireMayBecome(
  { mayBecome }: GraphContext,
  { caller }: Pick<GraphCall, 'caller'>,
  targetId: string,
): Promise<void> {
  const obstacle = await mayBecome(caller.principal.objectId, targetId)
  if (obstacle !== undefined) throw mayNotBecome(targetId, obstacle)
}

/** Requires that the caller does not change the own sign-in methods. @throws GraphError 403 */
export function requireOther(
  { publicOrigin }: Pick<GraphContext, 'publicOrigin'>,
  { caller }: Pick<GraphCall, 'caller'>,
  targetId: string,
): void {
  if (caller.principal.objectId === targetId) throw ownMethodsElsewhere(publicOrigin)
}

/** Requires the same for the service principal of an application, if it has one. */
export async function requireMayBecomeApplication(
  context: GraphContext,
  call: Pick<GraphCall, 'caller'>,
  id: string,
): Promise<void> {
  const { applications } = context.directory
  const application = (await applications.find(id)) ?? (await applications.findServicePrincipal(id))
  const principal = application && (await applications.servicePrincipalOf(application.appId))
  if (principal !== undefined) await requireMayBecome(context, call, principal.objectId)
}

/** The object id in the path; undefined if the path has none. */
export function parsePathId({ params }: FastifyRequest): Guid | undefined {
  const id = typeof params === 'object' && params !== null && 'id' in params ? params.id : undefined
  return typeof id === 'string' ? parseGuid(id) : undefined
}

/** The object id in the path. @throws GraphError if it is not a GUID */
export function requirePathId({ request, params }: GraphCall): Guid {
  const id = parsePathId(request)
  if (id === undefined) throw resourceNotFound(params['id'] ?? '')
  return id
}

/** Another object id in the path. @throws GraphError if it is not a GUID */
export function requireOtherId({ params }: GraphCall, name: string): string {
  const text = params[name] ?? ''
  const id = parseGuid(text)
  if (id === undefined) throw resourceNotFound(text)
  return id
}

/**
 * Returns an object that the caller may see.
 *
 * @throws GraphError for any other object. A caller that does not see everything gets the same error for an object that
 * does not exist and for an object of another user.
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
