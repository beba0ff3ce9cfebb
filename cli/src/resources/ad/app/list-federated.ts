import { requireAccount } from '../../../clients/session/account.ts'
import { listGraph, orFailed } from '../../../clients/graph/graph.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type ObjectFlags, applicationFlag } from '../shared.ts'
import { federatedPath } from './federated.ts'

/** `acrux ad app federated-credential list`. */
export const command = defineCommand<ObjectFlags>({
  flags: [applicationFlag],
  examples: ['acrux ad app federated-credential list --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  prints: 'result',
  run: ({ id }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      return listGraph(account, await federatedPath(account, id))
    }),
})
