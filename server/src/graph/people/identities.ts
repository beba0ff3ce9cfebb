import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { GraphContext } from '../protocol/context.ts'
import { rejectQueryOptions } from '../protocol/query.ts'
import { listSchema } from '../protocol/response.ts'
import type { GraphHandler } from '../protocol/route.ts'
import { requireVisibleUser } from './visible-users.ts'

/** An identity of a user at another provider. [Microsoft Graph v1.0, objectIdentity resource type] */
export const objectIdentitySchema = z
  .strictObject({ signInType: z.literal('federated'), issuer: z.string(), issuerAssignedId: z.string() })
  .register(apiSchemas, { id: 'graph.objectIdentity' })

export const objectIdentitiesSchema = listSchema('objectIdentities', objectIdentitySchema)

/** `GET /users/{id or user principal name}/identities` */
export const listIdentities: GraphHandler<typeof objectIdentitiesSchema> = async (context, call) => {
  rejectQueryOptions(call.request.query)
  const { objectId } = await requireVisibleUser(context, call)
  return { value: await identityDocuments(context, objectId) }
}

/** The identities of a user at other providers. */
export async function identityDocuments(
  { directory }: GraphContext,
  objectId: string,
): Promise<DocumentOf<typeof objectIdentitySchema>[]> {
  const identities = await directory.people.identitiesOf(objectId)
  return identities.map(({ issuer, subject }) => ({ signInType: 'federated', issuer, issuerAssignedId: subject }))
}
