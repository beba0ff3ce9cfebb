import { requireAccount } from '../../../clients/session/account.ts'
import { graph, orFailed } from '../../../clients/graph/graph.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { type ObjectFlags, applicationFlag, applicationPath } from '../shared.ts'
import { apiFlag, requiredAccessOf } from './required-access.ts'

type Flags = ObjectFlags & { readonly api: string; readonly apiPermissions?: readonly string[] }

/** `acrux ad app permission delete`. */
export const command = defineCommand<Flags>({
  flags: [
    applicationFlag,
    apiFlag,
    {
      flags: '--api-permissions <id...>',
      description: 'the ids of the permissions. Default: all of the API',
      repeated: true,
    },
  ],
  examples: [
    'acrux ad app permission delete --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --api 00000003-0000-0000-c000-000000000000',
  ],
  prints: 'result',
  run: (flags, context) => orFailed(() => deletePermission(flags, context)),
})

async function deletePermission({ id, api, apiPermissions }: Flags, context: CommandContext): Promise<void> {
  const account = await requireAccount(context)
  const path = await applicationPath(account, id)
  const present = await requiredAccessOf(account, path)
  const own = present.find(({ resourceAppId }) => resourceAppId === api)
  if (own === undefined) {
    context.log.warning(`App ${id} doesn't require access to API ${api}.`)
    return
  }
  const idOf = (permission: unknown): string => String(valueAt(permission, 'id'))
  const ids = own.resourceAccess.map(idOf)
  const absent = (apiPermissions ?? []).filter((each) => !ids.includes(each))
  if (absent.length > 0)
    context.log.warning(`App ${id} doesn't require access to API ${api}'s permission ${absent.join(', ')}.`)
  if (absent.length > 0 && absent.length === apiPermissions?.length) return
  const isKept = (each: unknown): boolean => apiPermissions !== undefined && !apiPermissions.includes(idOf(each))
  const requiredResourceAccess = present
    .map((each) => (each === own ? { ...own, resourceAccess: own.resourceAccess.filter(isKept) } : each))
    .filter(({ resourceAccess }) => resourceAccess.length > 0)
  await graph(account, 'PATCH', path, { requiredResourceAccess })
}
