import type { Transaction } from '../../platform/sql/database.ts'
import { GraphError } from '../errors.ts'
import { IdentityTakenError } from '../external-identities.ts'
import type { Graph, GraphHandler } from './call.ts'
import type { IdentitiesBody } from './people-bodies.ts'
import { refuseQueryOptions } from './query.ts'
import { requireVisibleUser } from './users.ts'

/** `GET /users/{id or user principal name}/identities` */
export const listIdentities: GraphHandler = async (graph, call) => {
  refuseQueryOptions(call.request.query)
  const { object_id } = await requireVisibleUser(graph, call)
  const identities = await graph.identities.identitiesOf(object_id)
  return {
    value: identities.map(({ issuer, subject }) => ({ signInType: 'federated', issuer, issuerAssignedId: subject })),
  }
}

/** Makes these the identities of a user, and ends the sign-ins of who has lost one. @throws GraphError for one that is taken */
export async function setIdentities(
  graph: Graph,
  transaction: Transaction,
  objectId: string,
  wanted: IdentitiesBody,
): Promise<void> {
  const identities = wanted.map(({ issuer, issuerAssignedId }) => ({ issuer, subject: issuerAssignedId }))
  try {
    if (!(await graph.identities.setIdentities(transaction, objectId, identities))) return
  } catch (error) {
    if (!(error instanceof IdentityTakenError)) throw error
    throw new GraphError('conflict', `Property identities cannot be set: ${error.message}.`, { cause: error })
  }
  transaction.changesAuthority()
  await graph.store.endSignInsOf(transaction, objectId)
}
