import { GraphError, insufficientPrivileges, resourceNotFound } from '../surface/errors.ts'
import { attributionOf } from '../../audit/index.ts'
import { NameTakenError, type UserRecord } from '../../directory/index.ts'
import { AuthenticationRefusedError, type PreparedPassword, WeakPasswordError } from '../../credentials/index.ts'
import { BusyError } from '../../platform/limits/fair-queue.ts'
import { parseGuid } from '../../standards/azure/guid.ts'
import { isUserPrincipalName } from '../../standards/azure/object-name.ts'
import { readBody } from '../surface/body.ts'
import { type Graph, type GraphCall, type GraphHandler, change, visibleTo } from '../surface/context.ts'
import { userDocument, type Document } from '../surface/documents.ts'
import { filterableUsers } from '../surface/filter.ts'
import { readIdentities, changePasswordBody, newUserBody, userChangeBody } from './bodies.ts'
import { listPage } from '../surface/page.ts'
import { parseListQuery, refuseQueryOptions } from '../surface/query.ts'

/** `GET /users` */
export const listUsers: GraphHandler = async (graph, { request, caller }) => {
  const query = parseListQuery(filterableUsers, request.query)
  const { conditions, after, pageSize } = query
  const rows = await graph.directory.people.list({
    conditions,
    visibleTo: visibleTo(caller),
    after,
    limit: pageSize + 1,
  })
  return listPage(graph, caller, 'users', query, rows, (shown) => shown.map(userDocument))
}

/** `POST /users` */
export const createUser: GraphHandler = async (graph, call) => {
  const body = readBody(newUserBody, call.request.body)
  const { userPrincipalName, displayName, mail, mailNickname, passwordProfile, accountEnabled, identities } = body
  if (!isUserPrincipalName(userPrincipalName)) {
    throw new GraphError('badRequest', "Invalid value specified for property 'userPrincipalName' of resource 'User'.")
  }
  const password =
    passwordProfile &&
    (await preparePassword(() => graph.credentials.prepareInitialPassword(userPrincipalName, passwordProfile.password)))
  const mustChangePassword = passwordProfile?.forceChangePasswordNextSignIn === true
  const names = { userPrincipalName, displayName, mail: mail ?? undefined, mailNickname }
  const user = { ...names, password, mustChangePassword, external: password === undefined, enabled: accountEnabled }
  const { people } = graph.directory
  const row = await change(
    graph,
    call,
    async (transaction) => {
      const made = await people.createUser(transaction, user).catch(nameTaken)
      if (identities !== undefined) await people.setIdentities(transaction, made.objectId, readIdentities(identities))
      return made
    },
    ({ objectId }) => ({
      action: 'user.create',
      target: `users/${objectId}`,
      detail: { userPrincipalName, displayName, accountEnabled, identities },
    }),
  )
  call.reply.code(201)
  return userDocument(row)
}

/** `GET /users/{id or user principal name}` */
export const getUser: GraphHandler = async (graph, call) => {
  refuseQueryOptions(call.request.query)
  return userDocument(await requireVisibleUser(graph, call))
}

/** `PATCH /users/{id or user principal name}`: an administrator's reset of the password among others. */
export const updateUser: GraphHandler = async (graph, call) => {
  const { passwordProfile, accountEnabled, mail, identities, ...names } = readBody(userChangeBody, call.request.body)
  const { objectId: id, userPrincipalName } = await requireUserInPath(graph, call)
  const { people } = graph.directory
  const newPassword = passwordProfile?.password
  const prepared =
    newPassword === undefined
      ? undefined
      : await preparePassword(() => graph.credentials.prepareInitialPassword(userPrincipalName, newPassword))
  const mustChange = passwordProfile?.forceChangePasswordNextSignIn
  await change(
    graph,
    call,
    async (transaction) => {
      const rest = prepared === undefined ? mustChange : undefined
      const wanted = { ...names, mail, enabled: accountEnabled, mustChangePassword: rest }
      await people.updateUser(transaction, id, wanted)
      if (identities !== undefined) await people.setIdentities(transaction, id, readIdentities(identities))
      if (prepared === undefined) return
      const reset = { mustChange: mustChange === true, origin: call.origin }
      await graph.credentials.resetPassword(transaction, id, prepared, reset)
    },
    () => ({
      action: prepared === undefined ? 'user.update' : 'user.reset-password',
      target: `users/${id}`,
      detail: { accountEnabled, mustChangePassword: mustChange, identities, ...names },
    }),
  )
  return call.reply.code(204).send()
}

/** `DELETE /users/{id or user principal name}` */
export const deleteUser: GraphHandler = async (graph, call) => {
  const { objectId: id } = await requireUserInPath(graph, call)
  await change(
    graph,
    call,
    (transaction) => graph.directory.people.deleteUser(transaction, id),
    ({ userPrincipalName }) => ({
      action: 'user.delete',
      target: `users/${id}`,
      detail: { userPrincipalName },
    }),
  )
  return call.reply.code(204).send()
}

/** `POST /users/{id or user principal name}/revokeSignInSessions`: by a directory owner, or by the person. */
export const revokeSignInSessions: GraphHandler = async (graph, call) => {
  const { objectId: id } = await requireVisibleUser(graph, call)
  if (!call.caller.isDirectoryOwner && id !== call.caller.principal.objectId) throw insufficientPrivileges()
  return revoke(graph, call, id)
}

/** `GET /me` */
export const getMe: GraphHandler = async (graph, call) => {
  refuseQueryOptions(call.request.query)
  return userDocument(await requireMe(graph, call))
}

/** `POST /me/revokeSignInSessions` */
export const revokeMySignInSessions: GraphHandler = async (graph, call) => {
  const { objectId: id } = await requireMe(graph, call)
  return revoke(graph, call, id)
}

/** `POST /me/changePassword`: ends the person's sign-ins, this one among them. */
export const changeMyPassword: GraphHandler = async (graph, call) => {
  const { objectId: id, userPrincipalName } = await requireMe(graph, call)
  const { currentPassword, newPassword } = readBody(changePasswordBody, call.request.body)
  const check = await graph.credentials.checkPassword({ userPrincipalName, password: currentPassword, ...call.origin })
  if (check.outcome === 'refused' && check.reason === 'busy') throw new BusyError(check.retryAfterSeconds)
  if (check.outcome !== 'proved' || check.user.objectId !== id) {
    const reason = check.outcome === 'refused' ? check.reason : 'wrong'
    const event = { action: 'user.change-password', outcome: 'refused', reason, target: `users/${id}` } as const
    await graph.audit.append({ ...event, ...attributionOf(call.caller), origin: call.origin })
    throw new GraphError('badRequest', "The specified password does not match: 'currentPassword' is not right.")
  }
  const prepared = await preparePassword(() => graph.credentials.preparePassword(userPrincipalName, newPassword))
  await change(
    graph,
    call,
    async (transaction) => {
      const { origin } = call
      await graph.credentials.changePassword(transaction, check.user, prepared, { origin }).catch(proofOutdated)
    },
    () => ({ action: 'user.change-password', target: `users/${id}` }),
  )
  return call.reply.code(204).send()
}

/** The caller as a person. @throws GraphError when it is an application */
export async function requireMe({ directory }: Graph, { caller }: GraphCall): Promise<UserRecord> {
  const user = caller.principal.kind === 'user' ? await directory.people.find(caller.principal.objectId) : undefined
  if (user !== undefined) return user
  throw new GraphError('notDelegated', '/me request is only valid with delegated authentication flow.')
}

/** The user in the path, by object id or name, if the caller may see them. */
export async function requireVisibleUser(graph: Graph, call: GraphCall): Promise<UserRecord> {
  const { caller } = call
  const user = await findUserInPath(graph, call)
  if (user !== undefined && (caller.readsAll || user.objectId === caller.principal.objectId)) return user
  throw caller.readsAll ? noUser(call) : insufficientPrivileges()
}

/** The user in the path, by object id or name. For routes that let nobody in who may not see all. */
export async function requireUserInPath(graph: Graph, call: GraphCall): Promise<UserRecord> {
  const user = await findUserInPath(graph, call)
  if (user === undefined) throw noUser(call)
  return user
}

async function findUserInPath(
  { directory: { people } }: Graph,
  { params }: GraphCall,
): Promise<UserRecord | undefined> {
  const text = params['id'] ?? ''
  const id = parseGuid(text)
  return id === undefined ? people.findByName(text) : people.find(id)
}

function noUser({ params }: GraphCall): Error {
  return resourceNotFound(params['id'] ?? '')
}

async function revoke(graph: Graph, call: GraphCall, id: string): Promise<unknown> {
  await change(
    graph,
    call,
    (transaction) => graph.credentials.endSignInsOf(transaction, id),
    () => ({ action: 'user.sign-out-everywhere', target: `users/${id}` }),
  )
  return { value: true }
}

/** Judges and hashes a password. @throws GraphError for a weak one */
export async function preparePassword(work: () => Promise<PreparedPassword>): Promise<PreparedPassword> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof WeakPasswordError)) throw error
    const text = 'The specified password does not comply with password complexity requirements'
    throw new GraphError('badRequest', `${text}: ${weaknesses[error.refusal]}`, { cause: error })
  }
}

const weaknesses: Readonly<Record<WeakPasswordError['refusal'], string>> = {
  'too-short': 'it has fewer than 10 characters.',
  'too-long': 'it is too long.',
  'like-user-name': 'it is too much like the user name.',
  'too-common': 'too many people use it.',
  'same-as-before': 'it is the old one.',
}

/** An administrator's reset, or another change, came first. */
function proofOutdated(error: unknown): never {
  if (!(error instanceof AuthenticationRefusedError)) throw error
  const text = 'The specified password does not match: it was changed meanwhile.'
  throw new GraphError('badRequest', text, { cause: error })
}

function nameTaken(error: unknown): never {
  if (!(error instanceof NameTakenError)) throw error
  const text = 'Another object with the same value for property userPrincipalName already exists.'
  throw new GraphError('conflict', text, { cause: error })
}

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
