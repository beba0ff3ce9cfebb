import { z } from 'zod'
import { NameTakenError } from '../../directory/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { isUserPrincipalName } from '@acrux/shared/standards/azure/object-name.ts'
import { type GraphCall, type GraphContext, change, requireMayBecome, requireOther } from '../protocol/context.ts'
import { type userPageSchema, type userSchema, userDocument } from '../protocol/documents.ts'
import { GraphError, insufficientPrivileges } from '../protocol/errors.ts'
import { filterableUsers } from '../protocol/filter.ts'
import { visiblePage } from '../protocol/page.ts'
import { rejectQueryOptions } from '../protocol/query.ts'
import type { GraphHandler } from '../protocol/route.ts'
import { type newUserBody, type userChangeBody, readIdentities } from './bodies.ts'
import { preparePassword } from './passwords.ts'
import { requireMe, requireUserInPath, requireVisibleUser } from './visible-users.ts'

/** The response to `revokeSignInSessions`. */
export const revocationSchema = z
  .strictObject({ value: z.literal(true) })
  .register(apiSchemas, { id: 'graph.revokeSignInSessions' })

/** `GET /users` */
export const listUsers: GraphHandler<typeof userPageSchema> = (context, call) =>
  visiblePage(context, call, {
    path: 'users',
    filterable: filterableUsers,
    list: (page) => context.directory.people.list(page),
    render: async (shown) => shown.map(userDocument),
  })

/** `POST /users` */
export const createUser: GraphHandler<typeof userSchema, typeof newUserBody> = async (context, call) => {
  const body = call.readBody()
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
export const getUser: GraphHandler<typeof userSchema> = async (context, call) => {
  rejectQueryOptions(call.request.query)
  return userDocument(await requireVisibleUser(context, call))
}

/** `PATCH /users/{id or user principal name}`, including the reset of the password by a directory owner. */
export const updateUser: GraphHandler<'none', typeof userChangeBody> = async (context, call) => {
  const { passwordProfile, accountEnabled, mail, identities, ...names } = call.readBody()
  const { objectId: id, userPrincipalName } = await requireUserInPath(context, call)
  const { people } = context.directory
  const newPassword = passwordProfile?.password
  if (newPassword !== undefined || identities !== undefined) {
    requireOther(context, call, id)
    await requireMayBecome(context, call, id)
  }
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
}

/** `DELETE /users/{id or user principal name}` */
export const deleteUser: GraphHandler<'none'> = async (context, call) => {
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
}

/** `POST /users/{id or user principal name}/revokeSignInSessions`: by a directory owner, or by the user. */
export const revokeSignInSessions: GraphHandler<typeof revocationSchema> = async (context, call) => {
  const { objectId: id } = await requireVisibleUser(context, call)
  if (!call.caller.isDirectoryOwner && id !== call.caller.principal.objectId) throw insufficientPrivileges()
  return revoke(context, call, id)
}

/** `GET /me` */
export const getMe: GraphHandler<typeof userSchema> = async (context, call) => {
  rejectQueryOptions(call.request.query)
  return userDocument(await requireMe(context, call))
}

/** `POST /me/revokeSignInSessions` */
export const revokeMySignInSessions: GraphHandler<typeof revocationSchema> = async (context, call) => {
  const { objectId: id } = await requireMe(context, call)
  return revoke(context, call, id)
}

async function revoke(
  context: GraphContext,
  call: GraphCall,
  id: string,
): Promise<DocumentOf<typeof revocationSchema>> {
  await change(
    context,
    call,
    (transaction) => context.credentials.endSignInsOf(transaction, id),
    () => ({ action: 'user.sign-out-everywhere', target: `users/${id}` }),
  )
  return { value: true }
}

function nameTaken(error: unknown): never {
  if (!(error instanceof NameTakenError)) throw error
  const text = 'Another object with the same value for property userPrincipalName already exists.'
  throw new GraphError('conflict', text, { cause: error })
}
