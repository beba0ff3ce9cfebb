import { requireAccount } from '../../clients/session/account.ts'
import { askArm } from '../../clients/arm/arm.ts'
import { defineCommand } from '../../framework/command/command.ts'
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
