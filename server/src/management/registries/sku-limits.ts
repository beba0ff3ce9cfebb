import type { Transaction } from '../../platform/sql/database.ts'
import type { Registry, Sku } from '../../resources/index.ts'
import type { RegistriesContext } from './context.ts'
import { ArmError } from '../arm/errors.ts'
import { maxIpRules } from './registry-body.ts'

const gibibyte = 1024 ** 3

/** The limits of each SKU; -1 means unlimited. [arm-facts §6; acr-protocol §7.3] */
export const skuLimits: Readonly<Record<Sku, readonly (readonly [name: string, limit: number])[]>> = {
  Basic: [
    ['Size', 10 * gibibyte],
    ['Webhooks', 2],
    ['ScopeMaps', 100],
    ['Tokens', 100],
  ],
  Standard: [
    ['Size', 100 * gibibyte],
    ['Webhooks', 10],
    ['ScopeMaps', 500],
    ['Tokens', 500],
  ],
  Premium: [
    ['Size', 500 * gibibyte],
    ['Webhooks', 500],
    ['Geo-replications', -1],
    ['IPRules', maxIpRules],
    ['VNetRules', 100],
    ['PrivateEndpointConnections', 200],
    ['ScopeMaps', 50_000],
    ['Tokens', 50_000],
  ],
}

type Counted = 'ScopeMaps' | 'Tokens'

/** @throws ArmError 409 if the limit of the SKU is reached */
export function requireCapacity(sku: Sku, name: Counted, present: number): void {
  if (present >= limitOf(sku, name)) throw quotaExceeded(`${present} ${name}, and no more`, sku)
}

/** Checks that a registry fits into another SKU. @throws ArmError 409 */
export async function requireCountsWithin(
  { access }: Pick<RegistriesContext, 'access'>,
  { rid }: Registry,
  sku: Sku,
  transaction: Transaction,
): Promise<void> {
  const counts = [
    ['ScopeMaps', await access.scopeMaps.count(rid, transaction)],
    ['Tokens', await access.scopedTokens.count(rid, transaction)],
  ] as const
  for (const [name, present] of counts) {
    const limit = limitOf(sku, name)
    if (present > limit) throw quotaExceeded(`${present} ${name}, and no more than ${limit}`, sku)
  }
}

function limitOf(sku: Sku, name: Counted): number {
  return skuLimits[sku].find(([candidate]) => candidate === name)?.[1] ?? 0
}

function quotaExceeded(what: string, sku: Sku): ArmError {
  const message = `The registry has ${what} are supported for SKU Managed_${sku}. For more details on SKU features, see https://aka.ms/acr/tiers.`
  return new ArmError('quotaExceeded', message)
}
