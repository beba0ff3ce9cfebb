import type { UserRecord } from '../../directory/index.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { GraphCall, GraphContext } from '../protocol/context.ts'
import { GraphError, insufficientPrivileges, resourceNotFound } from '../protocol/errors.ts'

/** The caller as a user. @throws GraphError if the caller is an application */
export async function requireMe({ directory }: GraphContext, { caller }: GraphCall): Promise<UserRecord> {
  const user = caller.principal.kind === 'user' ? await directory.people.find(caller.principal.objectId) : undefined
  if (user !== undefined) return user
  throw new GraphError('notDelegated', '/me request is only valid with delegated authentication flow.')
}

/** The user in the path, by object id or name. @throws GraphError unless the caller sees everything or is that user */
export async function requireVisibleUser(context: GraphContext, call: GraphCall): Promise<UserRecord> {
  const { caller } = call
  const user = await findUserInPath(context, call)
  if (user !== undefined && (caller.readsAll || user.objectId === caller.principal.objectId)) return user
  throw caller.readsAll ? userNotFound(call) : insufficientPrivileges()
}

/** The user in the path, by object id or name, for routes whose callers see everything. @throws GraphError if there is none */
export async function requireUserInPath(context: GraphContext, call: GraphCall): Promise<UserRecord> {
  const user = await findUserInPath(context, call)
  if (user === undefined) throw userNotFound(call)
  return user
}

async function findUserInPath(
  { directory: { people } }: GraphContext,
  { params }: GraphCall,
): Promise<UserRecord | undefined> {
  const text = params['id'] ?? ''
  const id = parseGuid(text)
  return id === undefined ? people.findByName(text) : people.find(id)
}

function userNotFound({ params }: GraphCall): GraphError {
  return resourceNotFound(params['id'] ?? '')
}
