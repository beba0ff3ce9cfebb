import { recordOf, requireAccount } from '../../../clients/session/account.ts'
import { booleanFlag } from '../../../framework/options/flags.ts'
import { graph, listGraph, orFailed, quoted } from '../../../clients/graph/graph.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { failure } from '../../../framework/command/failure.ts'
import { requireServicePrincipal } from '../shared.ts'

type Flags = { readonly id?: string; readonly filter?: string; readonly showResourceName?: boolean }

/** `acrux ad app permission list-grants`. */
export const command = defineCommand<Flags>({
  flags: [
    { flags: '--id <id>', description: 'list only those of this service principal' },
    { flags: '--filter <filter>', description: 'an OData filter' },
    booleanFlag('-r, --show-resource-name', 'whether to add the display name of the API'),
  ],
  examples: ['acrux ad app permission list-grants --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  prints: 'result',
  run: ({ id, filter, showResourceName }, context) =>
    orFailed(async () => {
      if (id !== undefined && filter !== undefined)
        throw failure('Please only use one of "--identifier" and "--filter", not both')
      const account = await requireAccount(context)
      const ofClient =
        id === undefined ? undefined : `clientId eq ${quoted(await requireServicePrincipal(account, id))}`
      const grants = await listGraph(account, '/oauth2PermissionGrants', filter ?? ofClient)
      if (showResourceName !== true) return grants
      const named: unknown[] = []
      for (const grant of grants) {
        const resource = await graph(account, 'GET', `/servicePrincipals/${String(valueAt(grant, 'resourceId'))}`)
        named.push({ ...recordOf(grant), resourceDisplayName: valueAt(resource, 'displayName') })
      }
      return named
    }),
})
