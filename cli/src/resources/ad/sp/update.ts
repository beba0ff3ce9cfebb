import { requireAccount } from '../../../clients/session/account.ts'
import {
  type GenericFlags,
  applyChanges,
  genericChanges,
  genericFlags,
} from '../../../framework/options/generic-update.ts'
import { graph, orFailed } from '../../../clients/graph/graph.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type ObjectFlags, servicePrincipalFlag, servicePrincipalPath } from '../shared.ts'

/** `acrux ad sp update`. */
export const command = defineCommand<ObjectFlags & GenericFlags>({
  flags: [servicePrincipalFlag, ...genericFlags],
  examples: ['acrux ad sp update --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --set accountEnabled=false'],
  prints: 'result',
  run: (flags, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      const path = await servicePrincipalPath(account, flags.id)
      await graph(account, 'GET', path)
      const body = {}
      applyChanges(body, genericChanges(), flags)
      await graph(account, 'PATCH', path, body)
    }),
})
