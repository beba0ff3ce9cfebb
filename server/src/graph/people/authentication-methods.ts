import { z } from 'zod'
import { resourceNotFound } from '../protocol/errors.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { UserRecord } from '../../directory/index.ts'
import { type GraphCall, type GraphContext, change, requireMayBecome, requireOther } from '../protocol/context.ts'
import { graphTime } from '../protocol/documents.ts'
import { listSchema } from '../protocol/response.ts'
import type { GraphHandler } from '../protocol/route.ts'
import { identityDocuments, objectIdentitySchema } from './identities.ts'
import { preparePassword } from './passwords.ts'
import { requireMe, requireUserInPath, requireVisibleUser } from './visible-users.ts'
import type { resetPasswordBody } from './bodies.ts'
import { oneTimeLinkId } from './one-time-link.ts'
import { accessPassId } from './temporary-access-pass.ts'
import { rejectQueryOptions } from '../protocol/query.ts'

/** The id of every user's password. [Microsoft Graph, passwordAuthenticationMethod] */
const passwordMethodId = '28c10230-6103-485e-b985-444c60001490'

/** A constant id, because a user has at most one authenticator app. */
const totpMethodId = '6c65746f-7470-4f74-b000-000000000001'

/** A sign-in method of a user, without its secret. [Microsoft Graph v1.0, authenticationMethod resource type] */
const authenticationMethodSchema = z
  .discriminatedUnion('@odata.type', [
    z.strictObject({
      '@odata.type': z.literal('#microsoft.graph.passwordAuthenticationMethod'),
      id: z.guid(),
      password: z.null(),
      createdDateTime: z.iso.datetime().nullable(),
    }),
    z.strictObject({
      '@odata.type': z.literal('#microsoft.graph.softwareOathAuthenticationMethod'),
      id: z.guid(),
      secretKey: z.null(),
    }),
    z.strictObject({
      '@odata.type': z.literal('#microsoft.graph.fido2AuthenticationMethod'),
      id: z.guid(),
      displayName: z.string(),
      createdDateTime: z.iso.datetime(),
    }),
    z.strictObject({
      '@odata.type': z.literal('#microsoft.graph.temporaryAccessPassAuthenticationMethod'),
      id: z.guid(),
      temporaryAccessPass: z.null(),
      createdDateTime: z.iso.datetime(),
      startDateTime: z.iso.datetime(),
      lifetimeInMinutes: z.int(),
      isUsableOnce: z.literal(true),
    }),
    z.strictObject({
      '@odata.type': z.literal('#acrux.oneTimeLinkAuthenticationMethod'),
      id: z.guid(),
      createdDateTime: z.iso.datetime(),
      expirationDateTime: z.iso.datetime(),
    }),
  ])
  .register(apiSchemas, { id: 'graph.authenticationMethod' })

export const authenticationMethodsSchema = listSchema('authenticationMethods', authenticationMethodSchema)

/** The response to `resetPassword`. `otherMethods` and `identities` are an extension of this server. */
export const passwordResetSchema = z
  .strictObject({
    newPassword: z.null(),
    otherMethods: z.array(authenticationMethodSchema).describe('The sign-in methods that the user still has.'),
    identities: z.array(objectIdentitySchema),
  })
  .register(apiSchemas, { id: 'graph.passwordReset' })

/** `GET /users/{id}/authentication/methods` */
export const listAuthenticationMethods: GraphHandler<typeof authenticationMethodsSchema> = async (context, call) => {
  rejectQueryOptions(call.request.query)
  return { value: await methodDocuments(context, await requireVisibleUser(context, call)) }
}

/** `GET /me/authentication/methods` */
export const listMyAuthenticationMethods: GraphHandler<typeof authenticationMethodsSchema> = async (context, call) => {
  rejectQueryOptions(call.request.query)
  return { value: await methodDocuments(context, await requireMe(context, call)) }
}

/**
 * `POST /users/{id}/authentication/methods/{method}/resetPassword`: sets a password that the user has to change, and returns
 * the user's other sign-in methods. `removeOtherMethods` removes those, including links to other providers and an access
 * pass.
 * [Microsoft Graph, authenticationMethod: resetPassword]
 */
export const resetPassword: GraphHandler<typeof passwordResetSchema, typeof resetPasswordBody> = async (
  context,
  call,
) => {
  const { newPassword, removeOtherMethods = false } = call.readBody()
  const user = await requireUserInPath(context, call)
  const { objectId: id, userPrincipalName } = user
  if (requireMethodId(call) !== passwordMethodId) throw resourceNotFound(call.params['method'] ?? '')
  requireOther(context, call, id)
  await requireMayBecome(context, call, id)
  const { people } = context.directory
  const { credentials } = context
  const { accessPasses, securityEvents } = credentials
  const prepared = await preparePassword(() => credentials.prepareInitialPassword(userPrincipalName, newPassword))
  await change(
    context,
    call,
    async (transaction) => {
      if (removeOtherMethods) {
        await people.setIdentities(transaction, id, [])
        if (await accessPasses.remove(transaction, id)) {
          const event = { kind: 'method-removed', detail: 'access-pass', origin: call.origin } as const
          await securityEvents.record(transaction, id, event)
        }
      }
      const reset = { mustChange: true, removesMethods: removeOtherMethods, origin: call.origin }
      await credentials.resetPassword(transaction, id, prepared, reset)
    },
    () => ({
      action: 'user.reset-password',
      target: `users/${id}`,
      detail: { mustChangePassword: true, removeOtherMethods },
    }),
  )
  const others = (await methodDocuments(context, user)).filter((method) => method.id !== passwordMethodId)
  return { newPassword: null, otherMethods: others, identities: await identityDocuments(context, id) }
}

/** `DELETE /users/{id}/authentication/softwareOathMethods/{method}`: for a user who lost the authenticator app. */
export const deleteSoftwareOathMethod: GraphHandler<'none'> = async (context, call) => {
  const { objectId: id } = await requireUserInPath(context, call)
  requireOther(context, call, id)
  const methodId = requireMethodId(call)
  await change(
    context,
    call,
    async (transaction) => {
      const removed = methodId === totpMethodId && (await context.credentials.secondFactors.removeTotp(transaction, id))
      if (!removed) throw resourceNotFound(methodId)
      await endLostMethod(context, call, transaction, { objectId: id, kind: 'totp' })
    },
    () => ({ action: 'user.remove-totp', target: `users/${id}` }),
  )
}

/** `DELETE /users/{id}/authentication/fido2Methods/{method}`: for a user who lost the passkey. */
export const deletePasskeyMethod: GraphHandler<'none'> = async (context, call) => {
  const { objectId: id } = await requireUserInPath(context, call)
  requireOther(context, call, id)
  const methodId = requireMethodId(call)
  await change(
    context,
    call,
    async (transaction) => {
      if (!(await context.credentials.secondFactors.removePasskey(transaction, id, methodId)))
        throw resourceNotFound(methodId)
      await endLostMethod(context, call, transaction, { objectId: id, kind: 'passkey' })
    },
    () => ({ action: 'user.remove-passkey', target: `users/${id}`, detail: { passkeyId: methodId } }),
  )
}

/** Ends the sign-ins of a user who lost a sign-in method, because another person may have used it, and records the removal. */
async function endLostMethod(
  { credentials }: GraphContext,
  { origin }: GraphCall,
  transaction: Transaction,
  { objectId, kind }: { readonly objectId: string; readonly kind: 'totp' | 'passkey' },
): Promise<void> {
  await credentials.endSignInsOf(transaction, objectId)
  await credentials.securityEvents.record(transaction, objectId, { kind: 'method-removed', detail: kind, origin })
}

type AuthenticationMethod = DocumentOf<typeof authenticationMethodSchema>

async function methodDocuments(
  { credentials: { secondFactors, accessPasses, oneTimeLinks } }: GraphContext,
  user: UserRecord,
): Promise<AuthenticationMethod[]> {
  const documents: AuthenticationMethod[] = []
  if (user.hasPassword) {
    const changedAtMs = user.passwordChangedAtMs
    documents.push({
      '@odata.type': '#microsoft.graph.passwordAuthenticationMethod',
      id: passwordMethodId,
      password: null,
      createdDateTime: changedAtMs === undefined ? null : graphTime(changedAtMs),
    })
  }
  const { totp } = await secondFactors.of(user.objectId)
  if (totp) {
    const type = '#microsoft.graph.softwareOathAuthenticationMethod'
    documents.push({ '@odata.type': type, id: totpMethodId, secretKey: null })
  }
  for (const { id, displayName, createdAtMs } of await secondFactors.passkeysOf(user.objectId)) {
    const type = '#microsoft.graph.fido2AuthenticationMethod'
    documents.push({ '@odata.type': type, id, displayName, createdDateTime: graphTime(createdAtMs) })
  }
  const pass = await accessPasses.find(user.objectId)
  if (pass !== undefined) {
    const type = '#microsoft.graph.temporaryAccessPassAuthenticationMethod'
    const { createdAtMs, expiresAtMs } = pass
    const createdDateTime = graphTime(createdAtMs)
    documents.push({
      '@odata.type': type,
      id: accessPassId,
      temporaryAccessPass: null,
      createdDateTime,
      startDateTime: createdDateTime,
      lifetimeInMinutes: Math.round((expiresAtMs - createdAtMs) / 60_000),
      isUsableOnce: true,
    })
  }
  const link = await oneTimeLinks.find(user.objectId)
  if (link !== undefined) {
    documents.push({
      '@odata.type': '#acrux.oneTimeLinkAuthenticationMethod',
      id: oneTimeLinkId,
      createdDateTime: graphTime(link.createdAtMs),
      expirationDateTime: graphTime(link.expiresAtMs),
    })
  }
  return documents
}

function requireMethodId({ params }: GraphCall): string {
  const text = params['method'] ?? ''
  const id = parseGuid(text)
  if (id === undefined) throw resourceNotFound(text)
  return id
}
