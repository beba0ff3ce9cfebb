import type { Account } from '../../account/account.ts'
import { recordOf } from '../../account/account.ts'
import { graph } from '../../arm/graph.ts'
import { valueAt } from '../../arm/shape.ts'
import type { FlagDescription } from '../../command/command.ts'

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
