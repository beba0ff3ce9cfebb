import { wordFlag } from '../../framework/options/flags.ts'
import { defineCommand } from '../../framework/command/command.ts'
import { requireAccount } from '../../clients/session/account.ts'
import { listArm } from '../../clients/arm/arm.ts'

type Flags = { readonly includeExtendedLocations?: boolean }

/** `acrux account list-locations`. */
export const command = defineCommand<Flags>({
  flags: [wordFlag('--include-extended-locations', 'list also the extended locations')],
  examples: ['acrux account list-locations -o table'],
  prints: 'result',
  run: async ({ includeExtendedLocations }, context) => {
    const account = await requireAccount(context)
    const query = new URLSearchParams({
      ...(includeExtendedLocations !== undefined && { includeExtendedLocations: String(includeExtendedLocations) }),
      'api-version': '2022-12-01',
    })
    return listArm(account, `/subscriptions/${account.subscription.id}/locations?${query.toString()}`)
  },
})
