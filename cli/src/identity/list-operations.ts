import { requireAccount } from '../account/account.ts'
import { listArm } from '../account/arm.ts'
import { defineCommand } from '../command/command.ts'
import { identityVersion } from './shared.ts'

/** `acrux identity list-operations`. */
export const command = defineCommand({
  examples: ['acrux identity list-operations'],
  prints: 'result',
  run: async (_flags, context) =>
    listArm(
      await requireAccount(context),
      `/providers/Microsoft.ManagedIdentity/operations?api-version=${identityVersion}`,
    ),
})
