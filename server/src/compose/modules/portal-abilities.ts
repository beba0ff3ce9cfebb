import { isWithinScope, subscriptionId } from '@acrux/shared/standards/azure/resource-id.ts'
import type { Access, Principal } from '../../authorization/index.ts'
import type { Directory } from '../../directory/index.ts'
import type { Abilities, FindAbilities, FindRegistry, RegistryAbility } from '../../portal-host/index.ts'
import type { Registry, Resources } from '../../resources/index.ts'

/** The questions of the portal about registries. */
export type PortalResources = Pick<
  Resources,
  'findRegistryByHost' | 'findRegistryByName' | 'listRegistries' | 'listSubscriptions'
>

type Context = {
  readonly access: Pick<Access, 'listAssignments' | 'mayManage'>
  readonly directory: Pick<Directory, 'groupIdsOf' | 'people'>
  readonly resources: PortalResources
}

/** Finds the registries that the addresses of the portal name. */
export function portalRegistries(resources: PortalResources): FindRegistry {
  return (by) => ('name' in by ? resources.findRegistryByName(by.name) : resources.findRegistryByHost(by.loginServer))
}

/** The action that each view of a registry needs. The routes of the management API need the same actions. */
const neededActions: Readonly<Record<Exclude<RegistryAbility, 'repositories'>, string>> = {
  overview: 'Microsoft.ContainerRegistry/registries/read',
  imports: 'Microsoft.ContainerRegistry/registries/importImage/action',
  access: 'Microsoft.Authorization/roleAssignments/read',
  credentials: 'Microsoft.ContainerRegistry/registries/tokens/read',
  rules: 'Microsoft.ContainerRegistry/registries/read',
  webhooks: 'Microsoft.ContainerRegistry/registries/webhooks/read',
  audit: 'Microsoft.ContainerRegistry/registries/auditEvents/read',
  settings: 'Microsoft.ContainerRegistry/registries/read',
}

/** Finds the abilities of a user with the same permission check as the surfaces. */
export function portalAbilities({ access, directory, resources }: Context): FindAbilities {
  return async (objectId, name) => {
    const groupIds = await directory.groupIdsOf(objectId)
    const person: Principal = { kind: 'directory', objectId, groupIds }
    const may = (action: string, scope: string) => access.mayManage(person, action, scope)
    const subscriptions = await resources.listSubscriptions()
    const scopes = subscriptions.map((each) => subscriptionId(each.subscriptionId))
    const anywhere = async (action: string) =>
      (await Promise.all(scopes.map((scope) => may(action, scope)))).includes(true)
    const usable = await usableRegistries({ access, resources }, [objectId, ...groupIds], scopes)
    const registry = name === undefined ? undefined : await resources.findRegistryByName(name)
    const role = (await directory.people.find(objectId))?.directoryRole
    const hasRole = role !== undefined
    const machines = hasRole || (await anywhere('Microsoft.ManagedIdentity/userAssignedIdentities/read'))
    return {
      ...(registry && { registry: await ofRegistry(may, registry, usable) }),
      directory: { people: hasRole, groups: hasRole, applications: hasRole, machines, providers: hasRole },
      server: await anywhere('Acrux.Server/status/read'),
      registries: {
        create: await anywhere('Microsoft.ContainerRegistry/registries/write'),
        usable: usable.map(({ id, name: usableName, loginServer, roleAssignmentMode }) => ({
          id,
          name: usableName,
          loginServer,
          roleAssignmentMode,
        })),
      },
    }
  }
}

/** The registries at, above or below which a role is assigned to one of the principals. */
async function usableRegistries(
  { access, resources }: Pick<Context, 'access' | 'resources'>,
  principalIds: readonly string[],
  scopes: readonly string[],
): Promise<readonly Registry[]> {
  const found = scopes.map(async (scope) => {
    const assignments = await access.listAssignments({ scope, includeBelow: true, principalIds })
    const registries = await resources.listRegistries(scope.slice(subscriptionId('').length))
    return registries.filter(({ id }) => assignments.some((each) => isWithinScope(id, each.scope)))
  })
  return (await Promise.all(found)).flat()
}

async function ofRegistry(
  may: (action: string, scope: string) => Promise<boolean>,
  { id }: Registry,
  usable: readonly Registry[],
): Promise<NonNullable<Abilities['registry']>> {
  const views = Object.entries(neededActions).map(async ([view, action]) => [view, await may(action, id)] as const)
  const repositories = usable.some((registry) => registry.id === id)
  return { ...Object.fromEntries(await Promise.all(views)), repositories } as NonNullable<Abilities['registry']>
}
