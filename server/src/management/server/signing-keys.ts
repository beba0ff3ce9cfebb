import { recordChange, attributionOf } from '../../audit/index.ts'
import { subscriptionId } from '../../standards/azure/resource-id.ts'
import type { ManagementCall, ManagementContext } from '../arm/context.ts'
import { requireSubscription } from '../arm/subscriptions.ts'

/**
 * `POST /subscriptions/{s}/providers/Acrux.Server/rotateSigningKeys`: ours, not Azure's. From now on tokens are signed by
 * new keys; the ones before verify what they signed until that has expired.
 */
export async function rotateSigningKeys(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const { subscriptionId: subscription } = await requireSubscription(context, call)
  await context.rotateKeys()
  const { caller, origin } = call
  const event = { action: 'signing-keys.rotate', target: subscriptionId(subscription) }
  await context.audit.append({ ...event, outcome: 'success', ...attributionOf(caller), origin })
  return { status: 'Succeeded' }
}

/**
 * `POST /subscriptions/{s}/providers/Acrux.Server/withdrawSigningKeys`: ours, not Azure's. For keys that somebody else may
 * have: whatever they signed is refused from the next request on, the token of the caller too. What is no token goes on:
 * passwords, secrets, sign-ins of people.
 */
export async function withdrawSigningKeys(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const { subscriptionId: subscription } = await requireSubscription(context, call)
  return recordChange(context, call, async (transaction) => {
    await context.withdrawKeys(transaction)
    const event = { action: 'signing-keys.withdraw', target: subscriptionId(subscription) }
    return { result: { status: 'Succeeded' }, event }
  })
}
