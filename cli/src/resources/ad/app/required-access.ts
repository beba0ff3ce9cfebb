import type { Account } from '../../../clients/session/account.ts'
import { recordOf } from '../../../clients/session/account.ts'
import { graph } from '../../../clients/graph/graph.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import type { FlagDescription } from '../../../framework/command/command.ts'

/** The permissions of one API that an application needs. */
export type RequiredAccess = { readonly resourceAppId: string; readonly resourceAccess: readonly unknown[] }

/** The option with an API. */
export const apiFlag: FlagDescription = {
  flags: '--api <id>',
  description: 'the application id of the API',
  required: true,
}

/** The permissions that an application needs, by API. @throws ApiError */
export async function requiredAccessOf(account: Account, path: string): Promise<RequiredAccess[]> {
  const list = valueAt(await graph(account, 'GET', path), 'requiredResourceAccess')
  return (Array.isArray(list) ? list : []).map((each) => {
    const { resourceAppId, resourceAccess } = recordOf(each)
    return {
      resourceAppId: String(resourceAppId),
      resourceAccess: Array.isArray(resourceAccess) ? (resourceAccess as unknown[]) : [],
    }
  })
}
