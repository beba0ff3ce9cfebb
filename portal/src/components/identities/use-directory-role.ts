import { type DirectoryRole, listOwnerIds, readDirectoryRoles } from '../../api/directory.ts'
import { useRead } from '../../api/queries.ts'
import { useSession } from '../../api/use-session.ts'
import { identitiesTexts } from '../texts/identities.ts'

/** The roles on the directory that the person may see, by object id. */
export function useDirectoryRoles(isWanted = true) {
  return useRead(['directory-roles'], isWanted && ((signal) => readDirectoryRoles(signal)), { staleTime: 60_000 })
}

/** The role of the person on the directory. Undefined also until it is known. */
export function useOwnRole(isWanted = true): DirectoryRole | undefined {
  const { data: session } = useSession()
  const { data: roles } = useDirectoryRoles(isWanted)
  return session === undefined ? undefined : roles?.get(session.person.objectId)
}

/** Why the person may not change the directory. Undefined if they may, and until it is known: the server decides. */
export function useOwnerReason(): string | undefined {
  const roles = useDirectoryRoles()
  const role = useOwnRole()
  return roles.data === undefined || role === 'owner' ? undefined : identitiesTexts.onlyOwners
}

const onlyObjectOwners = {
  applications: identitiesTexts.onlyApplicationOwners,
  groups: identitiesTexts.onlyGroupOwners,
} as const

/**
 * Why the person may not change the credentials of an application, or the members of a group. Owners of the directory
 * and of the object may. People without a role on the directory see these only of what they own. For readers of the
 * directory, the owners are read.
 */
export function useObjectOwnerReason(collection: keyof typeof onlyObjectOwners, id: string): string | undefined {
  const reason = useOwnerReason()
  const role = useOwnRole()
  const { data: session } = useSession()
  const owners = useRead(
    [collection, id, 'owners'],
    role === 'reader' && ((signal) => listOwnerIds(collection, id, signal)),
  )
  if (reason === undefined || role === undefined) return undefined
  const isOwner = session !== undefined && owners.data?.includes(session.person.objectId) === true
  return isOwner ? undefined : onlyObjectOwners[collection]
}
