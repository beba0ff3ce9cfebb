import type { Directory } from './directory.ts'
import type { DirectoryRole } from './principals/model.ts'

/** A role that permits its principal to assign or change roles at a scope. */
export type RoleAtScope = { readonly roleDefinitionName: string; readonly scope: string }

/** Why a caller may not act for another principal: the other principal has a role that the caller may not give. */
export type BecomingObstacle =
  { readonly kind: 'directory-role'; readonly role: DirectoryRole } | ({ readonly kind: 'role' } & RoleAtScope)

/**
 * Decides whether a caller may get to act for another principal: by a credential for it, by a link or a password that signs
 * in as it, by a machine that has its identity, or as a member of it if it is a group. Undefined if the caller may; otherwise
 * the obstacle. Every such change asks this port.
 */
export type MayBecome = (callerId: string, targetId: string) => Promise<BecomingObstacle | undefined>

type Options = {
  readonly directory: {
    readonly people: Pick<Directory['people'], 'find'>
    readonly applications: Pick<Directory['applications'], 'findServicePrincipal'>
  }
  /** A role with which the target can assign roles, and which the caller may not assign to it; undefined if there is none. */
  readonly roleBeyond: (callerId: string, targetId: string) => Promise<RoleAtScope | undefined>
}

/** Creates the decision. Owners of the directory may not act for a principal either, unless they can assign its roles. */
export function createMayBecome({ directory: { people, applications }, roleBeyond }: Options): MayBecome {
  const directoryRoleOf = async (objectId: string): Promise<DirectoryRole | undefined> =>
    ((await people.find(objectId)) ?? (await applications.findServicePrincipal(objectId)))?.directoryRole

  return async (callerId, targetId) => {
    if (callerId === targetId) return undefined
    const role = await directoryRoleOf(targetId)
    if (role !== undefined) {
      const own = await directoryRoleOf(callerId)
      if (own !== 'owner' && own !== role) return { kind: 'directory-role', role }
    }
    const beyond = await roleBeyond(callerId, targetId)
    return beyond && { kind: 'role', roleDefinitionName: beyond.roleDefinitionName, scope: beyond.scope }
  }
}
