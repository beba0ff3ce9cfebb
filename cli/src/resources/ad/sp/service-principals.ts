import { isGuid } from '@acrux/shared/standards/azure/guid.ts'
import { odataText } from '@acrux/shared/standards/azure/odata-text.ts'
import { ApiError } from '../../../clients/arm/arm.ts'
import { graph, listGraph, orFailed } from '../../../clients/graph/graph.ts'
import { type Account, requireAccount } from '../../../clients/session/account.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import {
  type GenericFlags,
  applyChanges,
  genericChanges,
  genericFlags,
} from '../../../framework/options/generic-update.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import {
  type ListFlags,
  type ObjectFlags,
  applicationFlag,
  listFlags,
  listObjects,
  objectTable,
  servicePrincipalFlag,
  servicePrincipalPath,
} from '../objects.ts'

/** `acrux ad sp list`. */
export const listServicePrincipals = defineCommand<ListFlags & { readonly spn?: string }>({
  flags: [
    ...listFlags,
    { flags: '--spn <name>', description: 'list only the service principal with this name or application id' },
  ],
  examples: ['acrux ad sp list --all -o table', 'acrux ad sp list --display-name ci'],
  table: objectTable,
  run: (flags, context) =>
    orFailed(async () => {
      const { spn } = flags
      const filters = [spn === undefined ? undefined : `servicePrincipalNames/any(c:c eq ${odataText(spn)})`]
      const { warning: warn } = context.log
      return listObjects(await requireAccount(context), 'servicePrincipals', { flags, filters, warn })
    }),
})

/** `acrux ad sp owner list`. */
export const listServicePrincipalOwners = defineCommand<ObjectFlags>({
  flags: [servicePrincipalFlag],
  examples: ['acrux ad sp owner list --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  run: ({ id }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      return listGraph(account, `${await servicePrincipalPath(account, id)}/owners`)
    }),
})

/** `acrux ad sp show`. */
export const showServicePrincipal = defineCommand<ObjectFlags>({
  flags: [servicePrincipalFlag],
  examples: ['acrux ad sp show --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  run: async ({ id }, context) => {
    const account = await requireAccount(context)
    return graph(account, 'GET', await servicePrincipalPath(account, id))
  },
})

/** `acrux ad sp create`. */
export const createServicePrincipal = defineCommand<ObjectFlags>({
  flags: [applicationFlag],
  examples: ['acrux ad sp create --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  run: ({ id }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      const body = { appId: await appIdOf(account, id), accountEnabled: true }
      return graph(account, 'POST', '/servicePrincipals', body)
    }),
})

/** The application id for an identifier URI, an application id or an object id. Unknown ids are returned unchanged. */
async function appIdOf(account: Account, id: string): Promise<unknown> {
  const filter = isGuid(id) ? `appId eq ${odataText(id)}` : `identifierUris/any(s:s eq ${odataText(id)})`
  try {
    const [found] = await listGraph(account, '/applications', filter)
    return valueAt(found ?? (await graph(account, 'GET', `/applications/${encodeURIComponent(id)}`)), 'appId')
  } catch (error) {
    if (error instanceof ApiError) return id
    throw error
  }
}

/** `acrux ad sp update`. */
export const updateServicePrincipal = defineCommand<ObjectFlags & GenericFlags>({
  flags: [servicePrincipalFlag, ...genericFlags],
  examples: ['acrux ad sp update --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --set accountEnabled=false'],
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

/** `acrux ad sp delete`. */
export const deleteServicePrincipal = defineCommand<ObjectFlags>({
  flags: [servicePrincipalFlag],
  examples: ['acrux ad sp delete --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  run: ({ id }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      await graph(account, 'DELETE', await servicePrincipalPath(account, id))
    }),
})
