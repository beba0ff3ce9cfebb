import { requireAccount } from '../../../clients/session/account.ts'
import { graph, orFailed } from '../../../clients/graph/graph.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { failure } from '../../../framework/command/failure.ts'
import { type ObjectFlags, applicationFlag, applicationPath } from '../shared.ts'
import { apiFlag, requiredAccessOf } from './required-access.ts'

type Flags = ObjectFlags & { readonly api: string; readonly apiPermissions: readonly string[] }

/** `acrux ad app permission add`. */
export const command = defineCommand<Flags>({
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
  prints: 'result',
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
