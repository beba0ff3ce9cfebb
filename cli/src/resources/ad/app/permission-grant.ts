import { odataText } from '@acrux/shared/standards/azure/odata-text.ts'
import { graph, listGraph, orFailed } from '../../../clients/graph/graph.ts'
import { recordOf, requireAccount } from '../../../clients/session/account.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { failure } from '../../../framework/command/failure.ts'
import { booleanFlag, choiceFlag } from '../../../framework/options/flags.ts'
import { azureCloud } from '../../../framework/profile/clouds.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { type ObjectFlags, applicationFlag, requireServicePrincipal } from '../objects.ts'
import { apiFlag } from './permission.ts'

type ListGrantsFlags = { readonly id?: string; readonly filter?: string; readonly showResourceName?: boolean }

/** `acrux ad app permission list-grants`. */
export const listGrants = defineCommand<ListGrantsFlags>({
  flags: [
    { flags: '--id <id>', description: 'list only permissions of this service principal' },
    { flags: '--filter <filter>', description: 'an OData filter' },
    booleanFlag('-r, --show-resource-name', 'whether to show the display name of the API'),
  ],
  examples: ['acrux ad app permission list-grants --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  run: ({ id, filter, showResourceName }, context) =>
    orFailed(async () => {
      if (id !== undefined && filter !== undefined)
        throw failure('Please only use one of "--identifier" and "--filter", not both')
      const account = await requireAccount(context)
      const ofClient =
        id === undefined ? undefined : `clientId eq ${odataText(await requireServicePrincipal(account, id))}`
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

type GrantPermissionFlags = ObjectFlags & {
  readonly api: string
  readonly scope: readonly string[]
  readonly consentType?: string
  readonly principalId?: string
}

/** `acrux ad app permission grant`. */
export const grantPermission = defineCommand<GrantPermissionFlags>({
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
  run: ({ id, api, scope, consentType = 'AllPrincipals', principalId }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      const clientId = await requireServicePrincipal(account, id)
      const resourceId = await requireServicePrincipal(account, api)
      const grants = await listGraph(account, '/oauth2PermissionGrants', `clientId eq ${odataText(clientId)}`)
      for (const each of grants.filter((grant) => valueAt(grant, 'resourceId') === resourceId))
        await graph(account, 'DELETE', `/oauth2PermissionGrants/${String(valueAt(each, 'id'))}`)
      const body = { clientId, consentType, principalId: principalId ?? null, resourceId, scope: scope.join(' ') }
      return graph(account, 'POST', '/oauth2PermissionGrants', body)
    }),
})

/** `acrux ad app permission admin-consent`. az asks a service of the Azure portal, which exists in AzureCloud only. */
export const consent = defineCommand<ObjectFlags>({
  flags: [applicationFlag],
  examples: ['acrux ad app permission admin-consent --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  run: async (_flags, context) => {
    const { cloud } = await requireAccount(context)
    if (cloud.name === azureCloud.name)
      throw failure('acrux cannot consent in AzureCloud', 'use az, or the Azure portal')
    throw failure(
      'This command is not yet supported on sovereign clouds',
      'grant delegated permissions: acrux ad app permission grant --help',
    )
  },
})
