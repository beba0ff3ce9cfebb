import { requireAccount } from '../../../clients/session/account.ts'
import { orFailed } from '../../../clients/graph/graph.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { certificateFlag, listCredentials } from '../credentials.ts'
import { type ObjectFlags, applicationFlag, applicationPath } from '../shared.ts'

/** `acrux ad app credential list`. */
export const command = defineCommand<ObjectFlags & { readonly cert?: true }>({
  flags: [applicationFlag, certificateFlag],
  examples: ['acrux ad app credential list --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 -o table'],
  prints: 'result',
  run: ({ id, cert }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      return listCredentials(account, await applicationPath(account, id), cert === true)
    }),
})
