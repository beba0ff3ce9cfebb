import type { FastifyRequest } from 'fastify'
import type { Audit, AuditEvent } from '../../audit/index.ts'
import type { Call } from '../../platform/http/surface.ts'
import type { Log } from '../../platform/log.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import { type Guid, parseGuid } from '../../spec/guid.ts'
import type { ApplicationSignInStore } from '../application-sign-in-store.ts'
import type { Applications } from '../applications.ts'
import type { Credentials } from '../credentials.ts'
import { insufficientPrivileges, resourceNotFound } from '../errors.ts'
import type { ExternalIdentities } from '../external-identities.ts'
import type { FederatedCredentials } from '../federated-credentials.ts'
import type { ExternalPrincipals, GraphSender, Tenant } from '../index.ts'
import type { Groups } from '../groups.ts'
import type { PasswordCheck, PasswordClaim } from '../password-check.ts'
import type { People } from '../people.ts'
import type { DirectoryRoles } from '../roles.ts'
import type { SecondFactors } from '../second-factors.ts'
import type { DirectoryStore } from '../store.ts'
import type { NamedServicePrincipalRow } from '../lookup-store.ts'
import type { ApplicationRow } from '../tables.ts'

/** What the handlers of the Graph surface work with. */
export type Graph = {
  readonly database: Database
  readonly audit: Audit
  readonly log: Log
  readonly publicOrigin: string
  readonly tenant: () => Promise<Tenant>
  readonly store: DirectoryStore
  readonly signIns: ApplicationSignInStore
  readonly credentials: Credentials
  readonly applications: Applications
  readonly people: People
  readonly groups: Groups
  readonly identities: ExternalIdentities
  readonly roles: DirectoryRoles
  readonly secondFactors: SecondFactors
  readonly checkPassword: (claim: PasswordClaim) => Promise<PasswordCheck>
  readonly federatedCredentials: FederatedCredentials
  readonly externalPrincipals: ExternalPrincipals
  /** Whether a URL may be an issuer that federated credentials trust. */
  readonly acceptsIssuer: (issuer: string) => boolean
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

type ApplicationOrPrincipal = ApplicationRow | NamedServicePrincipalRow

/** The application, or the one behind a service principal. */
function applicationIdOf(row: ApplicationOrPrincipal): string {
  return 'application_id' in row ? row.application_id : row.object_id
}

/** Of applications or service principals, those that are the caller, or whose application the caller owns. */
export async function ownAmong<Row extends ApplicationOrPrincipal>(
  { store }: Pick<Graph, 'store'>,
  { principal }: GraphCaller,
  rows: readonly Row[],
): Promise<readonly Row[]> {
  const owned = await store.ownedAmong(principal.objectId, rows.map(applicationIdOf))
  const isCaller = (row: Row) => principal.kind === 'service-principal' && row.app_id === principal.appId
  return rows.filter((row) => isCaller(row) || owned.has(applicationIdOf(row)))
}

/** The object id in the path, if there is one. */
export function parsePathId({ params }: FastifyRequest): Guid | undefined {
  const id = typeof params === 'object' && params !== null && 'id' in params ? params.id : undefined
  return typeof id === 'string' ? parseGuid(id) : undefined
}

/** The object id in the path. @throws GraphError where there is none. */
export function requirePathId({ request }: GraphCall): Guid {
  const id = parsePathId(request)
  if (id === undefined) throw resourceNotFound('with this id')
  return id
}

/**
 * Gives what the caller may see. Whether something else exists is nobody else's business, so a stranger reads "not
 * found" and "not yours" as the same refusal.
 */
export async function requireVisible<Row extends ApplicationOrPrincipal>(
  graph: Graph,
  caller: GraphCaller,
  id: string,
  row: Row | undefined,
): Promise<Row> {
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
