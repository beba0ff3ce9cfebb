import { z } from 'zod'
import type { SignIn } from '../../credentials/index.ts'
import type { UserRecord } from '../../directory/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { type GraphCall, type GraphContext, change } from '../protocol/context.ts'
import { graphTime } from '../protocol/documents.ts'
import { insufficientPrivileges, resourceNotFound } from '../protocol/errors.ts'
import { rejectQueryOptions } from '../protocol/query.ts'
import { listSchema } from '../protocol/response.ts'
import type { GraphHandler } from '../protocol/route.ts'
import { requireMe, requireVisibleUser } from './visible-users.ts'

/** A sign-in of a user that has not ended. An extension of this server: Graph can only end all sign-ins of a user. */
const signInSessionSchema = z
  .strictObject({
    id: z.guid(),
    appId: z.string().describe('The application. `acrux-pages` is the sign-in page of this server in a browser.'),
    appDisplayName: z.string().nullable(),
    authenticationMethods: z.array(z.string()).describe('The values of the claim `amr`. [RFC 8176]'),
    createdDateTime: z.iso.datetime(),
    lastUsedDateTime: z.iso.datetime(),
    expirationDateTime: z.iso.datetime(),
    ipAddress: z.string().nullable().describe('The network address at the last use.'),
    userAgent: z.string().nullable(),
    isCurrent: z.boolean().describe('Whether the request uses this session.'),
  })
  .register(apiSchemas, { id: 'graph.signInSession' })

export const signInSessionsSchema = listSchema('signInSessions', signInSessionSchema)

/** `GET /users/{id}/signInSessions`: for a directory owner, and for the user. */
export const listSignInSessions: GraphHandler<typeof signInSessionsSchema> = async (context, call) =>
  listOf(context, call, await requireSelfOrOwner(context, call))

/** `GET /me/signInSessions` */
export const listMySignInSessions: GraphHandler<typeof signInSessionsSchema> = async (context, call) =>
  listOf(context, call, await requireMe(context, call))

/** `DELETE /users/{id}/signInSessions/{session}`: by a directory owner, or by the user. */
export const endSignInSession: GraphHandler<'none'> = async (context, call) =>
  endOne(context, call, await requireSelfOrOwner(context, call))

/** `DELETE /me/signInSessions/{session}` */
export const endMySignInSession: GraphHandler<'none'> = async (context, call) =>
  endOne(context, call, await requireMe(context, call))

/** Only the person and the owners may see addresses and devices, not everybody who can read the directory. */
async function requireSelfOrOwner(context: GraphContext, call: GraphCall): Promise<UserRecord> {
  const user = await requireVisibleUser(context, call)
  const { isDirectoryOwner, principal } = call.caller
  if (isDirectoryOwner || user.objectId === principal.objectId) return user
  throw insufficientPrivileges()
}

async function listOf(
  context: GraphContext,
  { request, caller }: GraphCall,
  { objectId }: UserRecord,
): Promise<DocumentOf<typeof signInSessionsSchema>> {
  rejectQueryOptions(request.query)
  const signIns = await context.credentials.signInsOf(objectId)
  const names = new Map<string, string | undefined>()
  for (const appId of new Set(signIns.map(({ clientId }) => clientId))) {
    names.set(appId, await context.findClientName(appId))
  }
  return {
    value: signIns.map((signIn) => ({
      ...sessionDocument(signIn),
      appDisplayName: names.get(signIn.clientId) ?? null,
      isCurrent: signIn.id === caller.credentialId,
    })),
  }
}

function sessionDocument(signIn: SignIn) {
  const { id, clientId, methods, createdAtMs, lastUsedAtMs, expiresAtMs, remoteAddress, userAgent } = signIn
  return {
    id,
    appId: clientId,
    authenticationMethods: methods,
    createdDateTime: graphTime(createdAtMs),
    lastUsedDateTime: graphTime(lastUsedAtMs),
    expirationDateTime: graphTime(expiresAtMs),
    ipAddress: remoteAddress ?? null,
    userAgent: userAgent ?? null,
  }
}

/**
 * Ends one sign-in. With a consent, the application could create a new sign-in without asking the person, so the
 * consent is withdrawn too.
 */
async function endOne(context: GraphContext, call: GraphCall, { objectId }: UserRecord): Promise<void> {
  const id = call.params['session'] ?? ''
  const { credentials, consents } = context
  const signIn = await credentials.findSignIn(id)
  if (signIn?.objectId !== objectId) throw resourceNotFound(id)
  const { clientId } = signIn
  const given = await consents.find({ objectId, clientId }, maxConsents)
  await change(
    context,
    call,
    async (transaction) => {
      if (!(await credentials.endSignIn(transaction, id))) throw resourceNotFound(id)
      for (const consent of given) await consents.withdraw(transaction, consent)
    },
    () => ({
      action: 'user.end-sign-in',
      target: `users/${objectId}`,
      detail: { signIn: signIn.id, client: clientId, consentsWithdrawn: given.length },
    }),
  )
}

/** There is one for each resource. */
const maxConsents = 100
