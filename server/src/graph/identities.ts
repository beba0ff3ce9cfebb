import type { Graph, GraphHandler } from './call.ts'
import type { Document } from './documents.ts'
import { refuseQueryOptions } from './query.ts'
import { requireVisibleUser } from './users.ts'

/** `GET /users/{id or user principal name}/identities` */
export const listIdentities: GraphHandler = async (graph, call) => {
  refuseQueryOptions(call.request.query)
  const { objectId } = await requireVisibleUser(graph, call)
  return { value: await identityDocuments(graph, objectId) }
}

/** Who somebody is at other providers. [Microsoft Graph, objectIdentity] */
export async function identityDocuments({ directory }: Graph, objectId: string): Promise<Document[]> {
  const identities = await directory.people.identitiesOf(objectId)
  return identities.map(({ issuer, subject }) => ({ signInType: 'federated', issuer, issuerAssignedId: subject }))
}
