import { requireAccount } from '../../../clients/session/account.ts'
import { orFailed } from '../../../clients/graph/graph.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { certificateFlag, listCredentials } from '../credentials.ts'
import { type ObjectFlags, servicePrincipalFlag, servicePrincipalPath } from '../shared.ts'

/** `acrux ad sp credential list`. */
export const command = defineCommand<ObjectFlags & { readonly cert?: true }>({
  flags: [servicePrincipalFlag, certificateFlag],
  examples: ['acrux ad sp credential list --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 -o table'],
  prints: 'result',
  run: ({ id, cert }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      return listCredentials(account, await servicePrincipalPath(account, id), cert === true)
    }),
})
