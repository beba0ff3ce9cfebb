import type { Directory } from './directory.ts'
import type { DirectoryRole } from './principals/model.ts'

/** A role that permits its principal to assign or change roles at a scope. */
export type RoleAtScope = { readonly roleDefinitionName: string; readonly scope: string }

/** The reason why a caller may not act for another principal: the other principal has a role that the caller may not assign. */
export type BecomingObstacle =
  { readonly kind: 'directory-role'; readonly role: DirectoryRole } | ({ readonly kind: 'role' } & RoleAtScope)

/**
 * Decides whether a caller may make a change that lets the caller act for another principal. The change can be a credential of the
 * principal, a link or a password with which the caller signs in as the principal, or a machine that has its identity. If the principal is
 * a group, the change can be a membership. The result is undefined if the caller may make the change; otherwise the result is the obstacle.
 * Every such change calls this port.
 */
export type MayBecome = (callerId: string, targetId: string) => Promise<BecomingObstacle | undefined>

type Options = {
  readonly directory: {
    readonly people: Pick<Directory['people'], 'find'>
    readonly applications: Pick<Directory['applications'], 'findServicePrincipal'>
  }
  /** A role with which the target can assign roles, and which the caller may not assign to the target. Undefined if no such role exists. */
  readonly roleBeyond: (callerId: string, targetId: string) => Promise<RoleAtScope | undefined>
}

/** Creates the decision. Even owners of the directory may act for a principal only if they can assign the principal's roles. */
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
