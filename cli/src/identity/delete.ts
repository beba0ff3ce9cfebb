import { requireAccount } from '../account/account.ts'
import { askArm } from '../account/arm.ts'
import { defineCommand } from '../command/command.ts'
import { type IdentityFlags, identityFlags, identityVersion, requireIds } from './shared.ts'

/** `acrux identity delete`. */
export const command = defineCommand<IdentityFlags>({
  flags: identityFlags,
  examples: ['acrux identity delete -g default -n build'],
  prints: 'result',
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    for (const id of requireIds(account, flags))
      await askArm(account, { method: 'DELETE', url: `${id}?api-version=${identityVersion}` })
  },
})
