import { recordOf, requireAccount } from '../../clients/session/account.ts'
import { askArm } from '../../clients/arm/arm.ts'
import { withResourceGroup } from '../../framework/values/shape.ts'
import { defineCommand } from '../../framework/command/command.ts'
import { type IdentityFlags, identityFlags, requireIds } from './shared.ts'

/** The last api-version that lists the resources. [azure-cli identity/_client_factory.py] */
const resourcesVersion = '2022-01-31-preview'

/** `acrux identity list-resources`. */
export const command = defineCommand<IdentityFlags>({
  flags: identityFlags,
  examples: ['acrux identity list-resources -g default -n build'],
  prints: 'result',
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const all: unknown[] = []
    for (const id of requireIds(account, flags)) {
      const url = `${id}/listAssociatedResources?api-version=${resourcesVersion}`
      const { value } = recordOf(await askArm(account, { method: 'POST', url }))
      if (Array.isArray(value)) all.push(...(value as unknown[]))
    }
    return withResourceGroup(all)
  },
})
