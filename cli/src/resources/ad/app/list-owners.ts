import { requireAccount } from '../../../clients/session/account.ts'
import { listGraph, orFailed } from '../../../clients/graph/graph.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type ObjectFlags, applicationFlag, applicationPath } from '../shared.ts'

/** `acrux ad app owner list`. */
export const command = defineCommand<ObjectFlags>({
  flags: [applicationFlag],
  examples: ['acrux ad app owner list --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  prints: 'result',
  run: ({ id }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      return listGraph(account, `${await applicationPath(account, id)}/owners`)
    }),
})
