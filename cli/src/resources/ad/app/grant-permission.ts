import { requireAccount } from '../../../clients/session/account.ts'
import { choiceFlag } from '../../../framework/options/flags.ts'
import { graph, listGraph, orFailed, quoted } from '../../../clients/graph/graph.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type ObjectFlags, requireServicePrincipal } from '../shared.ts'
import { apiFlag } from './required-access.ts'

type Flags = ObjectFlags & {
  readonly api: string
  readonly scope: readonly string[]
  readonly consentType?: string
  readonly principalId?: string
}

/** `acrux ad app permission grant`. */
export const command = defineCommand<Flags>({
  flags: [
    {
      flags: '--id <id>',
      aliases: ['--client-id'],
      description: 'the service principal of the application',
      required: true,
    },
    apiFlag,
    { flags: '--scope <name...>', description: 'the permissions, such as openid', repeated: true, required: true },
    choiceFlag(
      '--consent-type <type>',
      ['AllPrincipals', 'Principal'],
      'whether the permissions are granted for all users. Default: AllPrincipals',
    ),
    { flags: '--principal-id <id>', description: 'with --consent-type Principal: the object id of the user' },
  ],
  examples: [
    'acrux ad app permission grant --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --api 00000003-0000-0000-c000-000000000000 --scope openid',
  ],
  prints: 'result',
  run: ({ id, api, scope, consentType = 'AllPrincipals', principalId }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      const clientId = await requireServicePrincipal(account, id)
      const resourceId = await requireServicePrincipal(account, api)
      const grants = await listGraph(account, '/oauth2PermissionGrants', `clientId eq ${quoted(clientId)}`)
      for (const each of grants.filter((grant) => valueAt(grant, 'resourceId') === resourceId))
        await graph(account, 'DELETE', `/oauth2PermissionGrants/${String(valueAt(each, 'id'))}`)
      const body = { clientId, consentType, principalId: principalId ?? null, resourceId, scope: scope.join(' ') }
      return graph(account, 'POST', '/oauth2PermissionGrants', body)
    }),
})
