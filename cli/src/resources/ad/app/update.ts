import { requireAccount } from '../../../clients/session/account.ts'
import {
  type GenericFlags,
  applyChanges,
  genericChanges,
  genericFlags,
} from '../../../framework/options/generic-update.ts'
import { graph, orFailed } from '../../../clients/graph/graph.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type ObjectFlags, applicationFlag, applicationPath } from '../shared.ts'
import { type ApplicationFlags, applicationBody, applicationFlags } from './properties.ts'

/** `acrux ad app update`. */
export const command = defineCommand<ObjectFlags & ApplicationFlags & GenericFlags>({
  flags: [applicationFlag, ...applicationFlags, ...genericFlags],
  examples: [
    'acrux ad app update --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --web-redirect-uris https://app.example.com/callback',
  ],
  prints: 'result',
  run: (flags, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      const path = await applicationPath(account, flags.id)
      const body = await applicationBody(flags)
      applyChanges(body, genericChanges(), flags)
      await graph(account, 'PATCH', path, body)
    }),
})
