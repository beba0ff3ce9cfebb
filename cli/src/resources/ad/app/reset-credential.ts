import { requireAccount } from '../../../clients/session/account.ts'
import { orFailed } from '../../../clients/graph/graph.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type ResetFlags, resetFlags, resetCredential } from '../credentials.ts'
import { type ObjectFlags, applicationFlag, applicationPath } from '../shared.ts'

/** `acrux ad app credential reset`. */
export const command = defineCommand<ObjectFlags & ResetFlags>({
  about:
    '\nThe password is printed once. Without --append, all present passwords become invalid, and with --cert or --create-cert all present certificates, too.',
  flags: [applicationFlag, ...resetFlags],
  examples: ['acrux ad app credential reset --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --append'],
  prints: 'result',
  run: (flags, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      return resetCredential(context, account, { path: await applicationPath(account, flags.id), flags })
    }),
})
