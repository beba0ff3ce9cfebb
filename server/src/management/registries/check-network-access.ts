import { z } from 'zod'
import { networkDenial, plainAddress } from '@acrux/shared/standards/azure/network-rules.ts'
import { parseAddressRange } from '@acrux/shared/standards/http/address-range.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { optional, readBody } from '../arm/body.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RegistriesContext } from './context.ts'
import { registrySchema, settingsAfter, settingsOf } from './registry-body.ts'
import { requireRegistry } from './registries.ts'

type Context = Pick<RegistriesContext, 'clock' | 'resources'>

const bodySchema = registrySchema.extend({
  address: optional(
    z.string().refine((text) => !text.includes('/') && parseAddressRange(text) !== undefined, {
      error: 'must be an IP address',
    }),
  ),
})

const checkResponse = z
  .strictObject({
    address: z.string(),
    isCaller: z.boolean().describe('Whether the address is the source of the request.'),
    allowed: z.boolean(),
    reason: z.enum(['public-network-disabled', 'network-rule']).nullable(),
  })
  .register(apiSchemas, { id: 'NetworkAccess' })

/**
 * `POST {registry}/providers/Acrux.Server/checkNetworkAccess`: ours, not Azure's. Whether a client at an address, by default the
 * caller's, could use the data plane if the registry were changed by a PATCH with this body. Nothing is changed.
 *
 * @throws ArmError what the PATCH would throw
 */
export async function checkNetworkAccess(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof checkResponse>> {
  const { address, ...change } = readBody(call, checkNetworkAccess)
  const registry = await requireRegistry(context, call.names)
  const moment = { nowMs: context.clock.now(), apiVersion: call.apiVersion }
  const rules = settingsAfter(settingsOf(registry), change, moment)
  const checked = plainAddress(address ?? call.origin.remoteAddress)
  const denial = networkDenial(rules, checked)
  const isCaller = address === undefined || checked === plainAddress(call.origin.remoteAddress)
  return { address: checked, isCaller, allowed: denial === undefined, reason: denial ?? null }
}
checkNetworkAccess.body = bodySchema
checkNetworkAccess.response = checkResponse
