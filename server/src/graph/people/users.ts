import { GraphError, insufficientPrivileges, resourceNotFound } from '../surface/errors.ts'
import { attributionOf } from '../../audit/index.ts'
import { NameTakenError, type UserRecord } from '../../directory/index.ts'
import { AuthenticationRefusedError, type PreparedPassword, WeakPasswordError } from '../../credentials/index.ts'
import { BusyError } from '../../platform/limits/fair-queue.ts'
import { parseGuid } from '../../standards/azure/guid.ts'
import { isUserPrincipalName } from '../../standards/azure/object-name.ts'
import { readBody } from '../surface/body.ts'
import { type GraphContext, type GraphCall, type GraphHandler, change, visibleTo } from '../surface/context.ts'
import { userDocument, type Document } from '../surface/documents.ts'
import { filterableUsers } from '../surface/filter.ts'
import { readIdentities, changePasswordBody, newUserBody, userChangeBody } from './bodies.ts'
import { listPage } from '../surface/page.ts'
import { parseListQuery, refuseQueryOptions } from '../surface/query.ts'

/** `GET /users` */
export const listUsers: GraphHandler = async (context, { request, caller }) => {
  const query = parseListQuery(filterableUsers, request.query)
  const { conditions, after, pageSize } = query
  const rows = await context.directory.people.list({
    conditions,
    visibleTo: visibleTo(caller),
    after,
    limit: pageSize + 1,
  })
  return listPage(context, caller, 'users', query, rows, (shown) => shown.map(userDocument))
}

/** `POST /users` */
export const createUser: GraphHandler = async (context, call) => {
  const body = readBody(newUserBody, call.request.body)
  const { userPrincipalName, displayName, mail, mailNickname, passwordProfile, accountEnabled, identities } = body
  if (!isUserPrincipalName(userPrincipalName)) {
    throw new GraphError('badRequest', "Invalid value specified for property 'userPrincipalName' of resource 'User'.")
  }
  const password =
    passwordProfile &&
    (await preparePassword(() =>
      context.credentials.prepareInitialPassword(userPrincipalName, passwordProfile.password),
    ))
  const mustChangePassword = passwordProfile?.forceChangePasswordNextSignIn === true
  const names = { userPrincipalName, displayName, mail: mail ?? undefined, mailNickname }
  const user = { ...names, password, mustChangePassword, external: password === undefined, enabled: accountEnabled }
  const { people } = context.directory
  const row = await change(
    context,
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
export const getUser: GraphHandler = async (context, call) => {
  refuseQueryOptions(call.request.query)
  return userDocument(await requireVisibleUser(context, call))
}

/** `PATCH /users/{id or user principal name}`: an administrator's reset of the password among others. */
export const updateUser: GraphHandler = async (context, call) => {
  const { passwordProfile, accountEnabled, mail, identities, ...names } = readBody(userChangeBody, call.request.body)
  const { objectId: id, userPrincipalName } = await requireUserInPath(context, call)
  const { people } = context.directory
  const newPassword = passwordProfile?.password
  const prepared =
    newPassword === undefined
      ? undefined
      : await preparePassword(() => context.credentials.prepareInitialPassword(userPrincipalName, newPassword))
  const mustChange = passwordProfile?.forceChangePasswordNextSignIn
  await change(
    context,
    call,
    async (transaction) => {
      const rest = prepared === undefined ? mustChange : undefined
      const wanted = { ...names, mail, enabled: accountEnabled, mustChangePassword: rest }
      await people.updateUser(transaction, id, wanted)
      if (identities !== undefined) await people.setIdentities(transaction, id, readIdentities(identities))
      if (prepared === undefined) return
      const reset = { mustChange: mustChange === true, origin: call.origin }
      await context.credentials.resetPassword(transaction, id, prepared, reset)
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
export const deleteUser: GraphHandler = async (context, call) => {
  const { objectId: id } = await requireUserInPath(context, call)
  await change(
    context,
    call,
    (transaction) => context.directory.people.deleteUser(transaction, id),
    ({ userPrincipalName }) => ({
      action: 'user.delete',
      target: `users/${id}`,
      detail: { userPrincipalName },
    }),
  )
  return call.reply.code(204).send()
}

/** `POST /users/{id or user principal name}/revokeSignInSessions`: by a directory owner, or by the person. */
export const revokeSignInSessions: GraphHandler = async (context, call) => {
  const { objectId: id } = await requireVisibleUser(context, call)
  if (!call.caller.isDirectoryOwner && id !== call.caller.principal.objectId) throw insufficientPrivileges()
  return revoke(context, call, id)
}

/** `GET /me` */
export const getMe: GraphHandler = async (context, call) => {
  refuseQueryOptions(call.request.query)
  return userDocument(await requireMe(context, call))
}

/** `POST /me/revokeSignInSessions` */
export const revokeMySignInSessions: GraphHandler = async (context, call) => {
  const { objectId: id } = await requireMe(context, call)
  return revoke(context, call, id)
}

/** `POST /me/changePassword`: ends the person's sign-ins, this one among them. */
export const changeMyPassword: GraphHandler = async (context, call) => {
  const { objectId: id, userPrincipalName } = await requireMe(context, call)
  const { currentPassword, newPassword } = readBody(changePasswordBody, call.request.body)
  const check = await context.credentials.checkPassword({
    userPrincipalName,
    password: currentPassword,
    ...call.origin,
  })
  if (check.outcome === 'refused' && check.reason === 'busy') throw new BusyError(check.retryAfterSeconds)
  if (check.outcome !== 'verified' || check.user.objectId !== id) {
    const reason = check.outcome === 'refused' ? check.reason : 'wrong'
    const event = { action: 'user.change-password', outcome: 'refused', reason, target: `users/${id}` } as const
    await context.audit.append({ ...event, ...attributionOf(call.caller), origin: call.origin })
    throw new GraphError('badRequest', "The specified password does not match: 'currentPassword' is not right.")
  }
  const prepared = await preparePassword(() => context.credentials.preparePassword(userPrincipalName, newPassword))
  await change(
    context,
    call,
    async (transaction) => {
      const { origin } = call
      await context.credentials.changePassword(transaction, check.user, prepared, { origin }).catch(proofOutdated)
    },
    () => ({ action: 'user.change-password', target: `users/${id}` }),
  )
  return call.reply.code(204).send()
}

/** The caller as a person. @throws GraphError when it is an application */
export async function requireMe({ directory }: GraphContext, { caller }: GraphCall): Promise<UserRecord> {
  const user = caller.principal.kind === 'user' ? await directory.people.find(caller.principal.objectId) : undefined
  if (user !== undefined) return user
  throw new GraphError('notDelegated', '/me request is only valid with delegated authentication flow.')
}

/** The user in the path, by object id or name, if the caller may see them. */
export async function requireVisibleUser(context: GraphContext, call: GraphCall): Promise<UserRecord> {
  const { caller } = call
  const user = await findUserInPath(context, call)
  if (user !== undefined && (caller.readsAll || user.objectId === caller.principal.objectId)) return user
  throw caller.readsAll ? noUser(call) : insufficientPrivileges()
}

/** The user in the path, by object id or name. For routes that let nobody in who may not see all. */
export async function requireUserInPath(context: GraphContext, call: GraphCall): Promise<UserRecord> {
  const user = await findUserInPath(context, call)
  if (user === undefined) throw noUser(call)
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

function noUser({ params }: GraphCall): Error {
  return resourceNotFound(params['id'] ?? '')
}

async function revoke(context: GraphContext, call: GraphCall, id: string): Promise<unknown> {
  await change(
    context,
    call,
    (transaction) => context.credentials.endSignInsOf(transaction, id),
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
export const listIdentities: GraphHandler = async (context, call) => {
  refuseQueryOptions(call.request.query)
  const { objectId } = await requireVisibleUser(context, call)
  return { value: await identityDocuments(context, objectId) }
}

/** Who somebody is at other providers. [Microsoft Graph, objectIdentity] */
export async function identityDocuments({ directory }: GraphContext, objectId: string): Promise<Document[]> {
  const identities = await directory.people.identitiesOf(objectId)
  return identities.map(({ issuer, subject }) => ({ signInType: 'federated', issuer, issuerAssignedId: subject }))
}
