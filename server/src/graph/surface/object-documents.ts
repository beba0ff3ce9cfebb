import type { ServicePrincipalRecord } from '../../directory/index.ts'
import type { GraphContext } from './context.ts'
import { type Document, servicePrincipalDocument, groupDocument, userDocument } from './documents.ts'

/** The documents of service principals. */
export async function servicePrincipalDocuments(
  { credentials, directory }: GraphContext,
  principals: readonly ServicePrincipalRecord[],
): Promise<Document[]> {
  const described = await directory.applications.describeServicePrincipals(principals)
  const heldBy = await credentials.heldBy(described.map(({ objectId }) => objectId))
  const { tenantId } = await directory.tenant()
  return described.map((principal) =>
    servicePrincipalDocument({ ...principal, ...heldBy(principal.objectId) }, tenantId),
  )
}

/** The documents of objects of any kind, in the order of their ids. */
export async function objectDocuments(context: GraphContext, ids: readonly string[]): Promise<Document[]> {
  const users = (await context.directory.people.named(ids)).map(userDocument)
  const groups = (await context.directory.groups.named(ids)).map(groupDocument)
  const principals = await servicePrincipalDocuments(
    context,
    await context.directory.applications.servicePrincipalsNamed(ids),
  )
  return [...users, ...groups, ...principals].toSorted((one, other) =>
    String(one['id']) < String(other['id']) ? -1 : 1,
  )
}
