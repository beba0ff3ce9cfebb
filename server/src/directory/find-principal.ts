import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { DirectoryPrincipal, SigningPrincipal } from './principals/model.ts'
import type { PrincipalStore } from './principals/principal-store.ts'
import { groupAsPrincipal, servicePrincipalAsPrincipal, userAsPrincipal } from './principals/principals.ts'

/** Creates the lookup of principals of every kind by object id. */
export function createFindPrincipal(
  store: PrincipalStore,
  findExternal: (objectId: string) => Promise<SigningPrincipal | undefined>,
) {
  return async (objectIdText: string): Promise<DirectoryPrincipal | undefined> => {
    const objectId = parseGuid(objectIdText)
    if (objectId === undefined) return undefined
    const principal = await store.servicePrincipalById(objectId)
    if (principal !== undefined) return servicePrincipalAsPrincipal(principal)
    const user = await store.userById(objectId)
    if (user !== undefined) return userAsPrincipal(user)
    const group = await store.groupById(objectId)
    return group === undefined ? findExternal(objectId) : groupAsPrincipal(group)
  }
}
