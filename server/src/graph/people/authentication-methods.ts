import { resourceNotFound } from '../surface/errors.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { parseGuid } from '../../standards/azure/guid.ts'
import type { UserRecord } from '../../directory/index.ts'
import { type GraphContext, type GraphCall, type GraphHandler, change } from '../surface/context.ts'
import { type Document, graphTime } from '../surface/documents.ts'
import { readBody } from '../surface/body.ts'
import { identityDocuments, preparePassword, requireMe, requireUserInPath, requireVisibleUser } from './users.ts'
import { resetPasswordBody } from './bodies.ts'
import { accessPassId } from './temporary-access-pass.ts'
import { refuseQueryOptions } from '../surface/query.ts'

/** The id that Graph gives to everybody's password. [Microsoft Graph, passwordAuthenticationMethod] */
const passwordMethodId = '28c10230-6103-485e-b985-444c60001490'

/** A person has one authenticator app at most, which needs no id of its own. */
const totpMethodId = '6c65746f-7470-4f74-b000-000000000001'

/** `GET /users/{id}/authentication/methods` */
export const listAuthenticationMethods: GraphHandler = async (context, call) => {
  refuseQueryOptions(call.request.query)
  return { value: await methodDocuments(context, await requireVisibleUser(context, call)) }
}

/** `GET /me/authentication/methods` */
export const listMyAuthenticationMethods: GraphHandler = async (context, call) => {
  refuseQueryOptions(call.request.query)
  return { value: await methodDocuments(context, await requireMe(context, call)) }
}

/**
 * `POST /users/{id}/authentication/methods/{method}/resetPassword`: sets a password that the person has to change, and answers
 * with the other sign-in methods that are left; `removeOtherMethods` removes them, links to other providers and an enrolment
 * code included.
 * [Microsoft Graph, authenticationMethod: resetPassword]
 */
export const resetPassword: GraphHandler = async (context, call) => {
  const { newPassword, removeOtherMethods = false } = readBody(resetPasswordBody, call.request.body)
  const user = await requireUserInPath(context, call)
  const { objectId: id, userPrincipalName } = user
  if (requireMethodId(call) !== passwordMethodId) throw resourceNotFound(call.params['method'] ?? '')
  const { people } = context.directory
  const { credentials } = context
  const { enrolmentCodes, securityEvents } = credentials
  const prepared = await preparePassword(() => credentials.prepareInitialPassword(userPrincipalName, newPassword))
  await change(
    context,
    call,
    async (transaction) => {
      if (removeOtherMethods) {
        await people.setIdentities(transaction, id, [])
        if (await enrolmentCodes.remove(transaction, id)) {
          const event = { kind: 'method-removed', detail: 'enrolment-code', origin: call.origin } as const
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
  const others = (await methodDocuments(context, user)).filter((method) => method['id'] !== passwordMethodId)
  return { newPassword: null, otherMethods: others, identities: await identityDocuments(context, id) }
}

/** `DELETE /users/{id}/authentication/softwareOathMethods/{method}`: for somebody who lost the authenticator app. */
export const deleteSoftwareOathMethod: GraphHandler = async (context, call) => {
  const { objectId: id } = await requireUserInPath(context, call)
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
  return call.reply.code(204).send()
}

/** `DELETE /users/{id}/authentication/fido2Methods/{method}`: for somebody who lost the passkey. */
export const deletePasskeyMethod: GraphHandler = async (context, call) => {
  const { objectId: id } = await requireUserInPath(context, call)
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
  return call.reply.code(204).send()
}

/** Ends the sign-ins of a person who lost a sign-in method, since somebody else may have used it, and records the removal. */
async function endLostMethod(
  { credentials }: GraphContext,
  { origin }: GraphCall,
  transaction: Transaction,
  { objectId, kind }: { readonly objectId: string; readonly kind: 'totp' | 'passkey' },
): Promise<void> {
  await credentials.endSignInsOf(transaction, objectId)
  await credentials.securityEvents.record(transaction, objectId, { kind: 'method-removed', detail: kind, origin })
}

/** What somebody can prove themselves by, without anything of the secrets. [Microsoft Graph, authenticationMethod] */
async function methodDocuments(
  { credentials: { secondFactors, enrolmentCodes } }: GraphContext,
  user: UserRecord,
): Promise<Document[]> {
  const documents: Document[] = []
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
  const pass = await enrolmentCodes.find(user.objectId)
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
  return documents
}

function requireMethodId({ params }: GraphCall): string {
  const text = params['method'] ?? ''
  const id = parseGuid(text)
  if (id === undefined) throw resourceNotFound(text)
  return id
}
