import { z } from 'zod'
import { TooManyWebhooksError, type Webhook, maxWebhooks, recordChange } from '../../audit/index.ts'
import { oneOf, optional, readBody } from '../arm/body.ts'
import type { ManagementCall, ManagementContext } from '../arm/context.ts'
import { ArmError } from '../arm/errors.ts'
import { requireSubscription } from '../arm/subscriptions.ts'

const namePattern = /^[A-Za-z0-9-]{1,50}$/
const actionPattern = /^[A-Za-z0-9.-]{0,80}\*?$/

const putSchema = z.object({
  properties: z.object({
    serviceUri: z.string(),
    status: optional(oneOf(['enabled', 'disabled'])),
    filter: optional(
      z.object({
        actions: optional(
          z
            .array(
              z
                .string()
                .min(1)
                .regex(actionPattern, { error: 'must be an action, or the beginning of one followed by *' }),
            )
            .max(50),
        ),
        outcome: optional(oneOf(['success', 'refused'])),
      }),
    ),
  }),
})

/** `GET /subscriptions/{s}/providers/Acrux.Server/auditWebhooks`: ours, not Azure's. */
export async function listAuditWebhooks(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const { subscriptionId } = await requireSubscription(context, call)
  return { value: (await context.auditWebhooks.list()).map((webhook) => document(subscriptionId, webhook)) }
}

/** `GET …/auditWebhooks/{name}` */
export async function getAuditWebhook(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const { subscriptionId } = await requireSubscription(context, call)
  const webhook = await context.auditWebhooks.find(requireName(call))
  if (webhook === undefined) throw notFound(call)
  return document(subscriptionId, webhook)
}

/** `PUT …/auditWebhooks/{name}`: makes one, whose secret is in this answer and in no other, or replaces its settings. */
export async function putAuditWebhook(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const { subscriptionId } = await requireSubscription(context, call)
  const name = requireName(call)
  const { serviceUri: url, status = 'enabled', filter = {} } = readBody(call, putAuditWebhook).properties
  const refusal = await context.explainWebhookUrl(url)
  if (refusal !== undefined) throw new ArmError('badRequest', `The serviceUri is not accepted. ${refusal}`)
  const settings = { url, enabled: status === 'enabled', filter }
  const { webhook, secret } = await recordChange(context, call, async (transaction) => {
    const result = await context.auditWebhooks.put(transaction, name, settings).catch(throwTooMany)
    const action = `audit-webhook.${result.secret === undefined ? 'update' : 'create'}`
    const detail = { host: new URL(url).host, status, ...filter }
    return { result, event: { action, target: idOf(subscriptionId, name), detail } }
  })
  return call.reply.code(secret === undefined ? 200 : 201).send(document(subscriptionId, webhook, secret))
}
putAuditWebhook.body = putSchema

/** `POST …/auditWebhooks/{name}/rotateSecret`: the secret before signs too for a day. */
export async function rotateAuditWebhookSecret(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const { subscriptionId } = await requireSubscription(context, call)
  const name = requireName(call)
  const secret = await recordChange(context, call, async (transaction) => {
    const result = await context.auditWebhooks.rotateSecret(transaction, name)
    const event = { action: 'audit-webhook.rotate-secret', target: idOf(subscriptionId, name) }
    return { result, event: result === undefined ? undefined : event }
  })
  if (secret === undefined) throw notFound(call)
  return { secret }
}

/** `DELETE …/auditWebhooks/{name}`: 204 when there is none. */
export async function deleteAuditWebhook(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const { subscriptionId } = await requireSubscription(context, call)
  const name = requireName(call)
  const deleted = await recordChange(context, call, async (transaction) => {
    const result = await context.auditWebhooks.delete(transaction, name)
    const event = { action: 'audit-webhook.delete', target: idOf(subscriptionId, name) }
    return { result, event: result ? event : undefined }
  })
  return call.reply.code(deleted ? 200 : 204).send()
}

function requireName({ names }: ManagementCall): string {
  if (namePattern.test(names.name)) return names.name.toLowerCase()
  throw new ArmError(
    'invalidResourceName',
    'A webhook of the audit log has a name of 1 to 50 letters, digits and hyphens.',
  )
}

function notFound({ names }: ManagementCall): ArmError {
  return new ArmError('resourceNotFound', `The audit log has no webhook '${names.name}'.`)
}

function throwTooMany(error: unknown): never {
  if (!(error instanceof TooManyWebhooksError)) throw error
  throw new ArmError('conflict', `The audit log has ${maxWebhooks} webhooks, which is the maximum.`, { cause: error })
}

function idOf(subscriptionId: string, name: string): string {
  return `/subscriptions/${subscriptionId}/providers/Acrux.Server/auditWebhooks/${name}`
}

function document(subscriptionId: string, webhook: Webhook, secret?: string): object {
  const { name, url, enabled, filter, failures, nextAttemptMs, lastDeliveryMs, lastError } = webhook
  return {
    id: idOf(subscriptionId, name),
    name,
    type: 'Acrux.Server/auditWebhooks',
    properties: {
      serviceUri: url,
      status: enabled ? 'enabled' : 'disabled',
      filter,
      lastDeliveryAt: isoTime(lastDeliveryMs),
      failures,
      lastError: lastError ?? null,
      nextAttemptAt: failures === 0 ? null : isoTime(nextAttemptMs),
      ...(secret === undefined ? {} : { secret }),
    },
  }
}

function isoTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
