import { requireAccount } from '../../../clients/session/account.ts'
import { graph, orFailed } from '../../../clients/graph/graph.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type ObjectFlags, applicationFlag, applicationPath } from '../shared.ts'

/** `acrux ad app permission list`. */
export const command = defineCommand<ObjectFlags>({
  flags: [applicationFlag],
  examples: ['acrux ad app permission list --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  prints: 'result',
  run: ({ id }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      return valueAt(await graph(account, 'GET', await applicationPath(account, id)), 'requiredResourceAccess')
    }),
})
