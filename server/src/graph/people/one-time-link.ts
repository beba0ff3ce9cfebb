import { z } from 'zod'
import { apiSchemas } from '../../platform/http/api-schema.ts'
import { change, requireMayBecome } from '../protocol/context.ts'
import { graphTime } from '../protocol/documents.ts'
import { insufficientPrivileges, resourceNotFound } from '../protocol/errors.ts'
import type { GraphHandler } from '../protocol/route.ts'
import { requireUserInPath } from './visible-users.ts'

/** A constant id, because a user has at most one link. */
export const oneTimeLinkId = '6c696e6b-6f6e-4365-b000-000000000001'

const minuteMs = 60_000

/** `removeOtherMethods` is that of `resetPassword`. */
export const oneTimeLinkBody = z.strictObject({
  lifetimeInMinutes: z.int().min(10).max(10_080).default(1440),
  removeOtherMethods: z.boolean().default(false),
})

/** The response to the creation of a one-time link. An extension of this server. */
export const newOneTimeLinkSchema = z
  .strictObject({
    id: z.guid(),
    link: z.url().describe('The URL that the user opens. Later responses do not contain this value.'),
    createdDateTime: z.iso.datetime(),
    expirationDateTime: z.iso.datetime(),
  })
  .register(apiSchemas, { id: 'graph.newOneTimeLink' })

/**
 * `POST /users/{id}/authentication/oneTimeLinks`: resets the password of a user, and creates a link with which the user
 * chooses a new one. The code is in the fragment of the link, which browsers do not send, so no log contains it. An extension
 * of this server.
 */
export const createOneTimeLink: GraphHandler<typeof newOneTimeLinkSchema, typeof oneTimeLinkBody> = async (
  context,
  call,
) => {
  const { objectId: id } = await requireUserInPath(context, call)
  // It would end the caller's own sign-in, and the password would be lost if the response were.
  if (id === call.caller.principal.objectId) throw insufficientPrivileges()
  await requireMayBecome(context, call, id)
  const { lifetimeInMinutes, removeOtherMethods } = call.readBody()
  const { accessPasses, oneTimeLinks } = context.credentials
  const lifetimeMs = lifetimeInMinutes * minuteMs
  const { code, made } = await change(
    context,
    call,
    async (transaction) => {
      if (removeOtherMethods) {
        await context.directory.people.setIdentities(transaction, id, [])
        await accessPasses.remove(transaction, id)
      }
      const { objectId: createdBy } = call.caller.principal
      const link = { lifetimeMs, removesMethods: removeOtherMethods, origin: call.origin, createdBy }
      return oneTimeLinks.create(transaction, id, link)
    },
    () => ({
      action: 'user.create-one-time-link',
      target: `users/${id}`,
      detail: { lifetimeInMinutes, removeOtherMethods },
    }),
  )
  call.reply.code(201)
  return {
    id: oneTimeLinkId,
    link: `${context.publicOrigin}/sign-in/link#${code}`,
    createdDateTime: graphTime(made.createdAtMs),
    expirationDateTime: graphTime(made.expiresAtMs),
  }
}

/** `DELETE /users/{id}/authentication/oneTimeLinks/{link}`. An extension of this server. */
export const deleteOneTimeLink: GraphHandler<'none'> = async (context, call) => {
  const { objectId: id } = await requireUserInPath(context, call)
  const linkId = call.params['link'] ?? ''
  await change(
    context,
    call,
    async (transaction) => {
      const { oneTimeLinks } = context.credentials
      const removed = linkId.toLowerCase() === oneTimeLinkId && (await oneTimeLinks.remove(transaction, id))
      if (!removed) throw resourceNotFound(linkId)
    },
    () => ({ action: 'user.delete-one-time-link', target: `users/${id}` }),
  )
}
