import type { FlagDescription } from '../../framework/command/command.ts'
import { WrongUsageError } from '../../framework/command/failure.ts'
import { valueAt } from '../../framework/values/shape.ts'
import type { Account } from '../session/account.ts'
import { ApiError, askArm } from './arm.ts'

/** The api-version of resource groups that az 2.74 sends. */
export const groupVersion = '2024-11-01'

/** The option with the location of a new resource. */
export const locationFlag: FlagDescription = {
  flags: '-l, --location <location>',
  description: 'the location. Default: the location of the resource group',
}

/**
 * The location of a new resource: the location in the flags, or the location of the resource group. @throws
 * WrongUsageError if the group does not exist
 */
export async function locationOf(
  account: Account,
  { location, resourceGroup }: { readonly location?: string; readonly resourceGroup: string },
): Promise<unknown> {
  if (location !== undefined) return location
  const url = `/subscriptions/${account.subscription.id}/resourcegroups/${encodeURIComponent(resourceGroup)}?api-version=${groupVersion}`
  try {
    return valueAt(await askArm(account, { method: 'GET', url }), 'location')
  } catch (error) {
    // az treats the option with the resource group as the wrong option.
    if (error instanceof ApiError) throw new WrongUsageError(error.message, error.nextStep)
    throw error
  }
}
