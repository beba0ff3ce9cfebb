import { z } from 'zod'
import { apiSchemas } from '../../platform/http/api-schema.ts'
import { change, requireMayBecome } from '../protocol/context.ts'
import { graphTime } from '../protocol/documents.ts'
import { insufficientPrivileges, resourceNotFound } from '../protocol/errors.ts'
import type { GraphHandler } from '../protocol/route.ts'
import { requireUserInPath } from './visible-users.ts'

/** A constant id, because a user has at most one pass. */
export const accessPassId = '7461702d-7061-4373-b000-000000000001'

const minuteMs = 60_000

/** With the limits of Graph. [Microsoft Graph, temporaryAccessPassAuthenticationMethod] */
export const accessPassBody = z.strictObject({
  '@odata.type': z.literal('#microsoft.graph.temporaryAccessPassAuthenticationMethod').optional(),
  lifetimeInMinutes: z.int().min(10).max(43_200).default(60),
  isUsableOnce: z.literal(true).default(true),
})

/** [Microsoft Graph v1.0, temporaryAccessPassAuthenticationMethod resource type] */
export const newAccessPassSchema = z
  .strictObject({
    id: z.guid(),
    temporaryAccessPass: z.string().describe('The code. Later responses do not contain this value.'),
    createdDateTime: z.iso.datetime().nullable(),
    startDateTime: z.iso.datetime().nullable(),
    lifetimeInMinutes: z.int(),
    isUsableOnce: z.literal(true),
    isUsable: z.boolean(),
    methodUsabilityReason: z.literal('EnabledByPolicy'),
  })
  .register(apiSchemas, { id: 'graph.newTemporaryAccessPass' })

/**
 * `POST /users/{id}/authentication/temporaryAccessPassMethods`: creates the code with which a user sets up the first second
 * factor. The code alone does not sign in. Users cannot create one for themselves, because it would be only as strong as
 * their password.
 */
export const createAccessPass: GraphHandler<typeof newAccessPassSchema, typeof accessPassBody> = async (
  context,
  call,
) => {
  const { objectId: id } = await requireUserInPath(context, call)
  if (id === call.caller.principal.objectId) throw insufficientPrivileges()
  await requireMayBecome(context, call, id)
  const { lifetimeInMinutes } = call.readBody()
  const { accessPasses, securityEvents } = context.credentials
  const pass = await change(
    context,
    call,
    async (transaction) => {
      const event = { kind: 'method-added', detail: 'access-pass', origin: call.origin } as const
      await securityEvents.record(transaction, id, event)
      const { objectId: createdBy } = call.caller.principal
      return accessPasses.create(transaction, id, { lifetimeMs: lifetimeInMinutes * minuteMs, createdBy })
    },
    () => ({ action: 'user.create-access-pass', target: `users/${id}`, detail: { lifetimeInMinutes } }),
  )
  const made = await accessPasses.find(id)
  call.reply.code(201)
  const createdDateTime = made === undefined ? null : graphTime(made.createdAtMs)
  return {
    id: accessPassId,
    temporaryAccessPass: pass,
    createdDateTime,
    startDateTime: createdDateTime,
    lifetimeInMinutes,
    isUsableOnce: true,
    isUsable: made !== undefined,
    methodUsabilityReason: 'EnabledByPolicy',
  }
}

/** `DELETE /users/{id}/authentication/temporaryAccessPassMethods/{method}` */
export const deleteAccessPass: GraphHandler<'none'> = async (context, call) => {
  const { objectId: id } = await requireUserInPath(context, call)
  const methodId = call.params['method'] ?? ''
  const { accessPasses, securityEvents } = context.credentials
  await change(
    context,
    call,
    async (transaction) => {
      const removed = methodId.toLowerCase() === accessPassId && (await accessPasses.remove(transaction, id))
      if (!removed) throw resourceNotFound(methodId)
      const event = { kind: 'method-removed', detail: 'access-pass', origin: call.origin } as const
      await securityEvents.record(transaction, id, event)
    },
    () => ({ action: 'user.delete-access-pass', target: `users/${id}` }),
  )
}
