import { resourceNotFound } from '../surface/errors.ts'
import { z } from 'zod'
import { readBody } from '../surface/body.ts'
import { type GraphHandler, change } from '../surface/context.ts'
import { graphTime } from '../surface/documents.ts'
import { insufficientPrivileges } from '../surface/errors.ts'
import { requireUserInPath } from './users.ts'

/** A person has one pass at most, which needs no id of its own. */
export const accessPassId = '7461702d-7061-4373-b000-000000000001'

const minuteMs = 60_000

/** Within the bounds that Graph has. [Microsoft Graph, temporaryAccessPassAuthenticationMethod] */
const passBody = z.strictObject({
  '@odata.type': z.literal('#microsoft.graph.temporaryAccessPassAuthenticationMethod').optional(),
  lifetimeInMinutes: z.int().min(10).max(43_200).default(60),
  isUsableOnce: z.literal(true).default(true),
})

/**
 * `POST /users/{id}/authentication/temporaryAccessPassMethods`: the code with which a person sets up the first second factor.
 * It does not sign in by itself. Nobody makes one for themselves: it would be worth no more than their password.
 */
export const createAccessPass: GraphHandler = async (context, call) => {
  const { objectId: id } = await requireUserInPath(context, call)
  if (id === call.caller.principal.objectId) throw insufficientPrivileges()
  const { lifetimeInMinutes } = readBody(passBody, call.request.body)
  const { enrolmentCodes, securityEvents } = context.credentials
  const pass = await change(
    context,
    call,
    async (transaction) => {
      const event = { kind: 'method-added', detail: 'enrolment-code', origin: call.origin } as const
      await securityEvents.record(transaction, id, event)
      return enrolmentCodes.create(transaction, id, lifetimeInMinutes * minuteMs)
    },
    () => ({ action: 'user.create-enrolment-code', target: `users/${id}`, detail: { lifetimeInMinutes } }),
  )
  const made = await enrolmentCodes.find(id)
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
export const deleteAccessPass: GraphHandler = async (context, call) => {
  const { objectId: id } = await requireUserInPath(context, call)
  const methodId = call.params['method'] ?? ''
  const { enrolmentCodes, securityEvents } = context.credentials
  await change(
    context,
    call,
    async (transaction) => {
      const removed = methodId.toLowerCase() === accessPassId && (await enrolmentCodes.remove(transaction, id))
      if (!removed) throw resourceNotFound(methodId)
      const event = { kind: 'method-removed', detail: 'enrolment-code', origin: call.origin } as const
      await securityEvents.record(transaction, id, event)
    },
    () => ({ action: 'user.delete-enrolment-code', target: `users/${id}` }),
  )
  return call.reply.code(204).send()
}
