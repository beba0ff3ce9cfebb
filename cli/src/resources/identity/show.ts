import { requireAccount } from '../../clients/session/account.ts'
import { askArm } from '../../clients/arm/arm.ts'
import { defineCommand } from '../../framework/command/command.ts'
import { type IdentityFlags, identityDocument, identityFlags, identityVersion, requireIds } from './shared.ts'

/** `acrux identity show`. */
export const command = defineCommand<IdentityFlags>({
  flags: identityFlags,
  examples: ['acrux identity show -g default -n build'],
  prints: 'result',
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const identities: unknown[] = []
    for (const id of requireIds(account, flags)) {
      const url = `${id}?api-version=${identityVersion}`
      identities.push(identityDocument(await askArm(account, { method: 'GET', url })))
    }
    return identities.length === 1 ? identities[0] : identities
  },
})
