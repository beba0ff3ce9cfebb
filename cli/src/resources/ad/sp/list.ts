import { requireAccount } from '../../../clients/session/account.ts'
import { orFailed, quoted } from '../../../clients/graph/graph.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type ListFlags, listFlags, listObjects, objectTable } from '../shared.ts'

/** `acrux ad sp list`. */
export const command = defineCommand<ListFlags & { readonly spn?: string }>({
  flags: [
    ...listFlags,
    { flags: '--spn <name>', description: 'list only the one with this service principal name or application id' },
  ],
  examples: ['acrux ad sp list --all -o table', 'acrux ad sp list --display-name ci'],
  prints: 'result',
  table: objectTable,
  run: (flags, context) =>
    orFailed(async () => {
      const { spn } = flags
      const filters = [spn === undefined ? undefined : `servicePrincipalNames/any(c:c eq ${quoted(spn)})`]
      const { warning: warn } = context.log
      return listObjects(await requireAccount(context), 'servicePrincipals', { flags, filters, warn })
    }),
})
