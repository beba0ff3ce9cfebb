import type { ServicePrincipalRecord } from '../../directory/index.ts'
import type { GraphContext } from './context.ts'
import {
  type DirectoryObject,
  type ServicePrincipal,
  groupDocument,
  servicePrincipalDocument,
  userDocument,
} from './documents.ts'

/** The documents of service principals. */
export async function servicePrincipalDocuments(
  { credentials, directory }: GraphContext,
  principals: readonly ServicePrincipalRecord[],
): Promise<ServicePrincipal[]> {
  const described = await directory.applications.describeServicePrincipals(principals)
  const heldBy = await credentials.heldBy(described.map(({ objectId }) => objectId))
  const { tenantId } = await directory.tenant()
  return described.map((principal) =>
    servicePrincipalDocument({ ...principal, ...heldBy(principal.objectId) }, tenantId),
  )
}

/** The document of one service principal. */
export async function describeServicePrincipal(
  context: GraphContext,
  principal: ServicePrincipalRecord,
): Promise<ServicePrincipal> {
  const [document] = await servicePrincipalDocuments(context, [principal])
  if (document === undefined) throw new Error(`the service principal ${principal.objectId} cannot be rendered`)
  return document
}

/** The documents of objects of any kind, ordered by id. */
export async function objectDocuments(context: GraphContext, ids: readonly string[]): Promise<DirectoryObject[]> {
  const users = (await context.directory.people.named(ids)).map(userDocument)
  const groups = (await context.directory.groups.named(ids)).map(groupDocument)
  const principals = await servicePrincipalDocuments(
    context,
    await context.directory.applications.servicePrincipalsNamed(ids),
  )
  return [...users, ...groups, ...principals].toSorted((one, other) => (one.id < other.id ? -1 : 1))
}
