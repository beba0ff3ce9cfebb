import { subscriptionId } from '../spec/resource-id.ts'
import { type ManagementCall, type ManagementOptions, provedBy } from './call.ts'
import { requireSubscription } from './subscriptions.ts'

/**
 * `POST /subscriptions/{s}/providers/Acrux.Server/rotateSigningKeys`: ours, not Azure's. From now on tokens are signed by
 * new keys; the ones before verify what they signed until that has expired.
 */
export async function rotateSigningKeys(rooms: ManagementOptions, call: ManagementCall): Promise<unknown> {
  const { subscriptionId: subscription } = await requireSubscription(rooms, call)
  await rooms.rotateKeys()
  const { caller, origin } = call
  const event = { action: 'signing-keys.rotate', target: subscriptionId(subscription) }
  await rooms.audit.append({ ...event, outcome: 'success', ...provedBy(caller), origin })
  return { status: 'Succeeded' }
}
