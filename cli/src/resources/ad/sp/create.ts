import { type Account, requireAccount } from '../../../clients/session/account.ts'
import { ApiError } from '../../../clients/arm/arm.ts'
import { isGuid } from '../../../framework/values/guid.ts'
import { graph, listGraph, orFailed, quoted } from '../../../clients/graph/graph.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type ObjectFlags, applicationFlag } from '../shared.ts'

/** `acrux ad sp create`. */
export const command = defineCommand<ObjectFlags>({
  flags: [applicationFlag],
  examples: ['acrux ad sp create --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  prints: 'result',
  run: ({ id }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      const body = { appId: await appIdOf(account, id), accountEnabled: true }
      return graph(account, 'POST', '/servicePrincipals', body)
    }),
})

/** The application id for an identifier URI, an application id or an object id. Unknown ids are returned unchanged. */
async function appIdOf(account: Account, id: string): Promise<unknown> {
  const filter = isGuid(id) ? `appId eq ${quoted(id)}` : `identifierUris/any(s:s eq ${quoted(id)})`
  try {
    const [found] = await listGraph(account, '/applications', filter)
    return valueAt(found ?? (await graph(account, 'GET', `/applications/${encodeURIComponent(id)}`)), 'appId')
  } catch (error) {
    if (error instanceof ApiError) return id
    throw error
  }
}
