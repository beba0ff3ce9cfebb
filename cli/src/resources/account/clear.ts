import { defineCommand } from '../../framework/command/command.ts'
import { removeUnusedHelpers } from '../credential-helper/set-up.ts'
import { removeSignIns } from '../../clients/session/sign-in.ts'

/** `acrux account clear`. */
export const command = defineCommand({
  examples: ['acrux account clear'],
  prints: 'result',
  run: async (_flags, context) => {
    await removeSignIns(context, () => true)
    await removeUnusedHelpers(context)
  },
})
