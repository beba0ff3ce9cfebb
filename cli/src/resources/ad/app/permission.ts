import { graph, orFailed } from '../../../clients/graph/graph.ts'
import { type Account, recordOf, requireAccount } from '../../../clients/session/account.ts'
import { type FlagDescription, defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { failure } from '../../../framework/command/failure.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { type ObjectFlags, applicationFlag, applicationPath } from '../objects.ts'

/** The permissions of one API that an application needs. */
type RequiredAccess = { readonly resourceAppId: string; readonly resourceAccess: readonly unknown[] }

/** The option with an API. */
export const apiFlag: FlagDescription = {
  flags: '--api <id>',
  description: 'the application id of the API',
  required: true,
}

/** The permissions that an application needs, by API. @throws ApiError */
async function requiredAccessOf(account: Account, path: string): Promise<RequiredAccess[]> {
  const list = valueAt(await graph(account, 'GET', path), 'requiredResourceAccess')
  return (Array.isArray(list) ? list : []).map((each) => {
    const { resourceAppId, resourceAccess } = recordOf(each)
    return {
      resourceAppId: String(resourceAppId),
      resourceAccess: Array.isArray(resourceAccess) ? (resourceAccess as unknown[]) : [],
    }
  })
}

/** `acrux ad app permission list`. */
export const listPermissions = defineCommand<ObjectFlags>({
  flags: [applicationFlag],
  examples: ['acrux ad app permission list --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  run: ({ id }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      return valueAt(await graph(account, 'GET', await applicationPath(account, id)), 'requiredResourceAccess')
    }),
})

type AddPermissionFlags = ObjectFlags & { readonly api: string; readonly apiPermissions: readonly string[] }

/** `acrux ad app permission add`. */
export const addPermission = defineCommand<AddPermissionFlags>({
  flags: [
    applicationFlag,
    apiFlag,
    {
      flags: '--api-permissions <id=type...>',
      description: 'the ids of the permissions, each with =Scope or =Role',
      repeated: true,
      required: true,
    },
  ],
  examples: [
    'acrux ad app permission add --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --api 00000003-0000-0000-c000-000000000000 --api-permissions e1fe6dd8-ba31-4d61-89e7-88639da4683d=Scope',
  ],
  run: ({ id, api, apiPermissions }, context) =>
    orFailed(async () => {
      const added = apiPermissions.map(parsePermission)
      const account = await requireAccount(context)
      const path = await applicationPath(account, id)
      const present = await requiredAccessOf(account, path)
      const others = present.filter(({ resourceAppId }) => resourceAppId !== api)
      const own = present.find(({ resourceAppId }) => resourceAppId === api)?.resourceAccess ?? []
      const requiredResourceAccess = [...others, { resourceAppId: api, resourceAccess: [...own, ...added] }]
      await graph(account, 'PATCH', path, { requiredResourceAccess })
      context.log.warning(
        `Invoking \`acrux ad app permission grant --id ${id} --api ${api}\` is needed to make the change effective`,
      )
    }),
})

function parsePermission(text: string): object {
  const [id, type, ...more] = text.split('=')
  if (type !== undefined && more.length === 0) return { id, type }
  throw failure(
    'Usage error: Please provide both permission id and type, such as `--api-permissions e1fe6dd8-ba31-4d61-89e7-88639da4683d=Scope`',
  )
}

type DeletePermissionFlags = ObjectFlags & { readonly api: string; readonly apiPermissions?: readonly string[] }

/** `acrux ad app permission delete`. */
export const deletePermission = defineCommand<DeletePermissionFlags>({
  flags: [
    applicationFlag,
    apiFlag,
    {
      flags: '--api-permissions <id...>',
      description: 'the ids of the permissions. Default: all permissions of the API',
      repeated: true,
    },
  ],
  examples: [
    'acrux ad app permission delete --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --api 00000003-0000-0000-c000-000000000000',
  ],
  run: (flags, context) => orFailed(() => removePermission(flags, context)),
})

async function removePermission(
  { id, api, apiPermissions }: DeletePermissionFlags,
  context: CommandContext,
): Promise<void> {
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
