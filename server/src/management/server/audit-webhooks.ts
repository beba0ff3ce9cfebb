import { z } from 'zod'
import { TooManyWebhooksError, type Webhook, attributionOf, maxWebhooks, recordChange } from '../../audit/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { oneOf, optional, readBody } from '../arm/body.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { ServerContext } from './context.ts'
import { ArmError } from '../arm/errors.ts'
import { isoTime, listOf, timeText } from '../arm/response.ts'
import { requireSubscription } from '../arm/subscriptions.ts'

type Context = Pick<ServerContext, 'audit' | 'auditWebhooks' | 'database' | 'explainWebhookUrl' | 'resources'>

const namePattern = /^[A-Za-z0-9-]{1,50}$/
const actionPattern = /^[A-Za-z0-9.-]{0,80}\*?$/

const putSchema = z.object({
  properties: z.object({
    serviceUri: optional(z.string()),
    status: optional(oneOf(['enabled', 'disabled'])),
    filter: optional(
      z.object({
        actions: optional(
          z
            .array(
              z
                .string()
                .min(1)
                .regex(actionPattern, { error: 'must be an action, or the beginning of an action followed by *' }),
            )
            .max(50),
        ),
        outcome: optional(oneOf(['success', 'refused'])),
      }),
    ),
  }),
})

/**
 * A webhook of the audit log. Its address often contains a secret of the receiver, so that only the host is shown. Its own secret
 * is only in the response to its creation.
 */
const webhookResponse = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    type: z.literal('Acrux.Server/auditWebhooks'),
    properties: z.strictObject({
      host: z.string(),
      status: z.enum(['enabled', 'disabled']),
      filter: z.strictObject({
        actions: z.array(z.string()).optional(),
        outcome: z.enum(['success', 'refused']).optional(),
      }),
      lastDeliveryAt: timeText.nullable(),
      failures: z.int(),
      lastError: z.string().nullable(),
      nextAttemptAt: timeText.nullable(),
      secret: z.string().optional(),
    }),
  })
  .register(apiSchemas, { id: 'AuditWebhook' })
type WebhookDocument = DocumentOf<typeof webhookResponse>

const webhookListResponse = listOf(webhookResponse)

const webhookCallbackResponse = z
  .strictObject({ serviceUri: z.string() })
  .register(apiSchemas, { id: 'AuditWebhookCallback' })

const webhookSecretResponse = z.strictObject({ secret: z.string() }).register(apiSchemas, { id: 'AuditWebhookSecret' })

/** `GET /subscriptions/{s}/providers/Acrux.Server/auditWebhooks`: ours, not Azure's. */
export async function listAuditWebhooks(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof webhookListResponse>> {
  const { subscriptionId } = await requireSubscription(context, call)
  return { value: (await context.auditWebhooks.list()).map((webhook) => webhookDocument(subscriptionId, webhook)) }
}
listAuditWebhooks.response = webhookListResponse

/** `GET …/auditWebhooks/{name}` */
export async function getAuditWebhook(context: Context, call: ManagementCall): Promise<WebhookDocument> {
  const { subscriptionId } = await requireSubscription(context, call)
  const webhook = await context.auditWebhooks.find(requireName(call))
  if (webhook === undefined) throw notFound(call)
  return webhookDocument(subscriptionId, webhook)
}
getAuditWebhook.response = webhookResponse

/** `POST …/auditWebhooks/{name}/getCallbackConfig`: the whole address, as for webhooks of ACR. Reading it is audited. */
export async function getAuditWebhookCallback(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof webhookCallbackResponse>> {
  const { subscriptionId } = await requireSubscription(context, call)
  const webhook = await context.auditWebhooks.find(requireName(call))
  if (webhook === undefined) throw notFound(call)
  const { caller, origin } = call
  const event = { action: 'audit-webhook.show-address', target: idOf(subscriptionId, webhook.name) }
  await context.audit.append({ ...event, outcome: 'success', ...attributionOf(caller), origin })
  return { serviceUri: webhook.url }
}
getAuditWebhookCallback.body = 'none' as const
getAuditWebhookCallback.response = webhookCallbackResponse

/**
 * `PUT …/auditWebhooks/{name}`: creates a webhook, whose secret is only in this response, or replaces its settings. Without an
 * address, the webhook keeps its address.
 */
export async function putAuditWebhook(context: Context, call: ManagementCall): Promise<WebhookDocument> {
  const { subscriptionId } = await requireSubscription(context, call)
  const name = requireName(call)
  const { serviceUri, status = 'enabled', filter = {} } = readBody(call, putAuditWebhook).properties
  const url = serviceUri ?? (await context.auditWebhooks.find(name))?.url
  if (url === undefined) throw new ArmError('badRequest', 'A new webhook of the audit log needs a serviceUri.')
  const denial = await context.explainWebhookUrl(url)
  if (denial !== undefined) throw new ArmError('badRequest', `The serviceUri is not accepted. ${denial}`)
  const settings = { url, enabled: status === 'enabled', filter }
  const { webhook, secret } = await recordChange(context, call, async (transaction) => {
    const result = await context.auditWebhooks.put(transaction, name, settings).catch(throwTooMany)
    const action = `audit-webhook.${result.secret === undefined ? 'update' : 'create'}`
    const detail = { host: new URL(url).host, status, ...filter }
    return { result, event: { action, target: idOf(subscriptionId, name), detail } }
  })
  call.reply.code(secret === undefined ? 200 : 201)
  return webhookDocument(subscriptionId, webhook, secret)
}
putAuditWebhook.body = putSchema
putAuditWebhook.response = webhookResponse

/** `POST …/auditWebhooks/{name}/rotateSecret`: the previous secret also signs for one day. */
export async function rotateAuditWebhookSecret(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof webhookSecretResponse>> {
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
rotateAuditWebhookSecret.body = 'none' as const
rotateAuditWebhookSecret.response = webhookSecretResponse

/** `DELETE …/auditWebhooks/{name}`: 204 if it does not exist. */
export async function deleteAuditWebhook(context: Context, call: ManagementCall): Promise<void> {
  const { subscriptionId } = await requireSubscription(context, call)
  const name = requireName(call)
  const deleted = await recordChange(context, call, async (transaction) => {
    const result = await context.auditWebhooks.delete(transaction, name)
    const event = { action: 'audit-webhook.delete', target: idOf(subscriptionId, name) }
    return { result, event: result ? event : undefined }
  })
  call.reply.code(deleted ? 200 : 204)
}
deleteAuditWebhook.response = 'none' as const

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

function webhookDocument(subscriptionId: string, webhook: Webhook, secret?: string): WebhookDocument {
  const { name, url, enabled, filter, failures, nextAttemptMs, lastDeliveryMs, lastError } = webhook
  return {
    id: idOf(subscriptionId, name),
    name,
    type: 'Acrux.Server/auditWebhooks',
    properties: {
      host: new URL(url).host,
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
