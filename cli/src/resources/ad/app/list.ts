import { requireAccount } from '../../../clients/session/account.ts'
import { orFailed, quoted } from '../../../clients/graph/graph.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type ListFlags, listFlags, listObjects, objectTable } from '../shared.ts'

type Flags = ListFlags & { readonly appId?: string; readonly identifierUri?: string }

/** `acrux ad app list`. */
export const command = defineCommand<Flags>({
  flags: [
    ...listFlags,
    { flags: '--app-id <id>', description: 'list only the application with this application id' },
    { flags: '--identifier-uri <uri>', description: 'list only the application with this identifier URI' },
  ],
  examples: ['acrux ad app list --all -o table', 'acrux ad app list --display-name ci'],
  prints: 'result',
  table: objectTable,
  run: (flags, context) =>
    orFailed(async () => {
      const { appId, identifierUri } = flags
      const filters = [
        appId === undefined ? undefined : `appId eq ${quoted(appId)}`,
        identifierUri === undefined ? undefined : `identifierUris/any(s:s eq ${quoted(identifierUri)})`,
      ]
      return listObjects(await requireAccount(context), 'applications', { flags, filters, warn: context.log.warning })
    }),
})
