import { andThen } from '../platform/memory/revision-cache.ts'
import { parseGuid } from '../standards/azure/guid.ts'
import type { DirectoryPrincipal, SigningPrincipal } from './principals/model.ts'
import type { PrincipalStore } from './principals/principal-store.ts'
import { groupAsPrincipal, servicePrincipalAsPrincipal, userAsPrincipal } from './principals/principals.ts'

/** Creates the lookup of principals of every kind by object id. Hot, so it is synchronous where the database is. */
export function createFindPrincipal(
  store: PrincipalStore,
  findExternal: (objectId: string) => Promise<SigningPrincipal | undefined>,
) {
  return (objectIdText: string): DirectoryPrincipal | undefined | Promise<DirectoryPrincipal | undefined> => {
    const objectId = parseGuid(objectIdText)
    if (objectId === undefined) return undefined
    return andThen(store.servicePrincipalById(objectId), (principal) => {
      if (principal !== undefined) return servicePrincipalAsPrincipal(principal)
      return andThen(store.userById(objectId), (user) => {
        if (user !== undefined) return userAsPrincipal(user)
        return andThen(store.groupById(objectId), (group) =>
          group === undefined ? findExternal(objectId) : groupAsPrincipal(group),
        )
      })
    })
  }
}
