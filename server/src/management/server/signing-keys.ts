import { z } from 'zod'
import { recordChange, attributionOf } from '../../audit/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { currentWork } from '../../platform/process/authorized-work.ts'
import { subscriptionId } from '@acrux/shared/standards/azure/resource-id.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { ServerContext } from './context.ts'
import { requireSubscription } from '../arm/subscriptions.ts'

type Context = Pick<ServerContext, 'audit' | 'database' | 'resources' | 'rotateKeys' | 'withdrawKeys'>

const statusResponse = z
  .strictObject({ status: z.literal('Succeeded') })
  .register(apiSchemas, { id: 'OperationStatus' })
type StatusDocument = DocumentOf<typeof statusResponse>

/**
 * `POST /subscriptions/{s}/providers/Acrux.Server/rotateSigningKeys`: ours, not Azure's. New tokens are signed by new
 * keys; the previous keys keep verifying their tokens until those expire.
 */
export async function rotateSigningKeys(context: Context, call: ManagementCall): Promise<StatusDocument> {
  const { subscriptionId: subscription } = await requireSubscription(context, call)
  await context.rotateKeys()
  currentWork()?.keepResult()
  const { caller, origin } = call
  const event = { action: 'signing-keys.rotate', target: subscriptionId(subscription) }
  await context.audit.append({ ...event, outcome: 'success', ...attributionOf(caller), origin })
  return { status: 'Succeeded' }
}
rotateSigningKeys.body = 'none' as const
rotateSigningKeys.response = statusResponse

/**
 * `POST /subscriptions/{s}/providers/Acrux.Server/withdrawSigningKeys`: ours, not Azure's. For leaked keys: every token
 * that they signed is denied from the next request on, including the caller's. Everything that is not a token keeps working:
 * passwords, secrets, sign-in sessions.
 */
export async function withdrawSigningKeys(context: Context, call: ManagementCall): Promise<StatusDocument> {
  const { subscriptionId: subscription } = await requireSubscription(context, call)
  return recordChange(context, call, async (transaction) => {
    await context.withdrawKeys(transaction)
    const event = { action: 'signing-keys.withdraw', target: subscriptionId(subscription) }
    return { result: { status: 'Succeeded' } as const, event }
  })
}
withdrawSigningKeys.body = 'none' as const
withdrawSigningKeys.response = statusResponse
