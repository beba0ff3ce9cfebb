import { GraphError, NameTakenError, insufficientPrivileges, resourceNotFound } from '../errors.ts'
import { type PreparedPassword, WeakPasswordError, preparePassword } from '../passwords.ts'
import { isUserPrincipalName } from '../people.ts'
import { parseGuid } from '../../spec/guid.ts'
import { isName, nameKey } from '../principals.ts'
import { ProofRefusedError } from '../proof-standing.ts'
import type { UserRow } from '../tables.ts'
import { readBody } from './bodies.ts'
import { type Graph, type GraphCall, type GraphHandler, provedBy, change, visibleTo } from './call.ts'
import { userDocument } from './documents.ts'
import { filterableUsers } from './filter.ts'
import { setIdentities } from './identities.ts'
import { listPage } from './page.ts'
import { changePasswordBody, newUserBody, userChangeBody } from './people-bodies.ts'
import { parseListQuery, refuseQueryOptions } from './query.ts'

/** `GET /users` */
export const listUsers: GraphHandler = async (graph, { request, caller }) => {
  const query = parseListQuery(filterableUsers, request.query)
  const { conditions, after, pageSize } = query
  const rows = await graph.store.listUsers({ conditions, visibleTo: visibleTo(caller), after, limit: pageSize + 1 })
  return listPage(graph, caller, 'users', query, rows, (shown) => shown.map(userDocument))
}

/** `POST /users` */
export const createUser: GraphHandler = async (graph, call) => {
  const body = readBody(newUserBody, call.request.body)
  const { userPrincipalName, displayName, mail, mailNickname, passwordProfile, accountEnabled, identities } = body
  if (!isUserPrincipalName(userPrincipalName)) {
    throw new GraphError('badRequest', "Invalid value specified for property 'userPrincipalName' of resource 'User'.")
  }
  const password = passwordProfile && (await prepare(userPrincipalName, passwordProfile.password))
  const mustChangePassword = passwordProfile?.forceChangePasswordNextSignIn === true
  const names = { userPrincipalName, displayName, mail: mail ?? undefined, mailNickname }
  const user = { ...names, password, mustChangePassword, external: password === undefined, enabled: accountEnabled }
  const row = await change(
    graph,
    call,
    async (transaction) => {
      const made = await graph.people.createUser(transaction, user).catch(nameTaken)
      if (identities !== undefined) await setIdentities(graph, transaction, made.object_id, identities)
      return made
    },
    ({ object_id }) => ({
      action: 'user.create',
      target: `users/${object_id}`,
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
  const { object_id: id, user_principal_name } = await requireUserInPath(graph, call)
  const newPassword = passwordProfile?.password
  const prepared = newPassword === undefined ? undefined : await prepare(user_principal_name, newPassword)
  const mustChange = passwordProfile?.forceChangePasswordNextSignIn
  await change(
    graph,
    call,
    async (transaction) => {
      const rest = prepared === undefined ? mustChange : undefined
      const wanted = { ...names, mail, enabled: accountEnabled, mustChangePassword: rest }
      await graph.people.updateUser(transaction, id, wanted)
      if (identities !== undefined) await setIdentities(graph, transaction, id, identities)
      if (prepared === undefined) return
      await graph.people.setPassword(transaction, id, prepared, { mustChange: mustChange === true })
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
  const { object_id: id } = await requireUserInPath(graph, call)
  await change(
    graph,
    call,
    (transaction) => graph.people.deleteUser(transaction, id),
    ({ user_principal_name }) => ({
      action: 'user.delete',
      target: `users/${id}`,
      detail: { userPrincipalName: user_principal_name },
    }),
  )
  return call.reply.code(204).send()
}

/** `POST /users/{id or user principal name}/revokeSignInSessions`: by a directory owner, or by the person. */
export const revokeSignInSessions: GraphHandler = async (graph, call) => {
  const { object_id: id } = await requireVisibleUser(graph, call)
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
  const { object_id: id } = await requireMe(graph, call)
  return revoke(graph, call, id)
}

/** `POST /me/changePassword`: ends the person's sign-ins, this one among them. */
export const changeMyPassword: GraphHandler = async (graph, call) => {
  const me = await requireMe(graph, call)
  const { object_id: id, user_principal_name: userPrincipalName, password_hash: passwordHash } = me
  const { currentPassword, newPassword } = readBody(changePasswordBody, call.request.body)
  const { remoteAddress } = call.origin
  const check = await graph.checkPassword({ userPrincipalName, password: currentPassword, remoteAddress })
  if (check.outcome !== 'proved' || check.user.objectId !== id) {
    const reason = check.outcome === 'refused' ? check.reason : 'wrong'
    const event = { action: 'user.change-password', outcome: 'refused', reason, target: `users/${id}` } as const
    await graph.audit.append({ ...event, ...provedBy(call.caller), origin: call.origin })
    throw new GraphError('badRequest', "The specified password does not match: 'currentPassword' is not right.")
  }
  const prepared = await prepare(userPrincipalName, newPassword, passwordHash)
  await change(
    graph,
    call,
    (transaction) => graph.people.changePassword(transaction, check.user, prepared).catch(proofOutdated),
    () => ({ action: 'user.change-password', target: `users/${id}` }),
  )
  return call.reply.code(204).send()
}

/** The caller as a person. @throws GraphError when it is an application */
export async function requireMe({ store }: Graph, { caller }: GraphCall): Promise<UserRow> {
  const user = caller.principal.kind === 'user' ? await store.userById(caller.principal.objectId) : undefined
  if (user !== undefined) return user
  throw new GraphError('notDelegated', '/me request is only valid with delegated authentication flow.')
}

/** The user in the path, by object id or name, if the caller may see them. */
export async function requireVisibleUser(graph: Graph, call: GraphCall): Promise<UserRow> {
  const { caller } = call
  const user = await findUserInPath(graph, call)
  if (user !== undefined && (caller.readsAll || user.object_id === caller.principal.objectId)) return user
  throw caller.readsAll ? noUser(call) : insufficientPrivileges()
}

/** The user in the path, by object id or name. For routes that let nobody in who may not see all. */
export async function requireUserInPath(graph: Graph, call: GraphCall): Promise<UserRow> {
  const user = await findUserInPath(graph, call)
  if (user === undefined) throw noUser(call)
  return user
}

async function findUserInPath({ store }: Graph, { params }: GraphCall): Promise<UserRow | undefined> {
  const text = params['id'] ?? ''
  const id = parseGuid(text)
  if (id !== undefined) return store.userById(id)
  return isName(text) ? store.userByName(nameKey(text)) : undefined
}

function noUser({ params }: GraphCall): GraphError {
  return resourceNotFound(parseGuid(params['id'] ?? '') ?? 'with this name')
}

async function revoke(graph: Graph, call: GraphCall, id: string): Promise<unknown> {
  await change(
    graph,
    call,
    async (transaction) => {
      transaction.changesAuthority()
      await graph.store.endSignInsOf(transaction, id)
    },
    () => ({ action: 'user.sign-out-everywhere', target: `users/${id}` }),
  )
  return { value: true }
}

async function prepare(userPrincipalName: string, password: string, current?: string): Promise<PreparedPassword> {
  try {
    return await preparePassword(userPrincipalName, password, current)
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
  if (!(error instanceof ProofRefusedError)) throw error
  const text = 'The specified password does not match: it was changed meanwhile.'
  throw new GraphError('badRequest', text, { cause: error })
}

function nameTaken(error: unknown): never {
  if (!(error instanceof NameTakenError)) throw error
  const text = 'Another object with the same value for property userPrincipalName already exists.'
  throw new GraphError('conflict', text, { cause: error })
}
