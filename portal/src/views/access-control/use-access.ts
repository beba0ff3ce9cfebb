import type { HeldRole, RoleAssignmentMode } from '@acrux/shared/permissions/mode-changes.ts'
import { isGuid } from '@acrux/shared/standards/azure/guid.ts'
import { useQueryClient, useQuery } from '@tanstack/react-query'
import { listAssignments, listRoles, readAssignments, readModeChanges } from '../../api/access.ts'
import { type ArmPage, readPage } from '../../api/arm-list.ts'
import { type Principal, isCut, namePrincipals, searchPrincipals } from '../../api/principals.ts'
import { usePages, useRead } from '../../api/queries.ts'
import type { RoleAssignment, RoleDefinition } from '../../api/types.ts'
import { rightsTexts } from '../../components/texts/rights.ts'

/** A role assignment with the names in it. */
export type NamedAssignment = {
  readonly id: string
  readonly scope: string
  /** Whether it was made at a scope above the registry. */
  readonly isInherited: boolean
  readonly principalId: string
  readonly principalType: RoleAssignment['properties']['principalType']
  /** Undefined if the person may not see the principal. */
  readonly principal: Principal | undefined
  readonly roleDefinitionId: string
  /** Undefined if the role no longer exists. */
  readonly role: RoleDefinition | undefined
  readonly condition: string | null
  readonly description: string | null
  /** The object id of who created it, and when. */
  readonly createdBy: string
  readonly createdOn: string
}

/** What the list of role assignments is limited to: to principals by their names or ids, and to a role by its name, a GUID. */
export type AssignmentSearch = { readonly filter: string; readonly role: string | undefined }

export const accessKey = (registryId: string) => ['access', registryId] as const

const rolesQuery = (registryId: string) => ({
  queryKey: [...accessKey(registryId), 'roles'],
  queryFn: ({ signal }: { readonly signal: AbortSignal }) => listRoles(registryId, signal),
})

/** The roles that can be assigned at a registry. */
export function useRoles(registryId: string) {
  return useQuery(rolesQuery(registryId))
}

/** The role assignments of a registry, also the inherited ones, page by page. */
export function useAssignments(registryId: string, search: AssignmentSearch) {
  const client = useQueryClient()
  return usePages([...accessKey(registryId), 'assignments', search], async (after, signal) => {
    const [{ items, next, principals, isIncomplete = false }, roles] = await Promise.all([
      after === '' ? readFirst(registryId, search, signal) : readNext(after, signal),
      client.fetchQuery(rolesQuery(registryId)),
    ])
    const names = principals ?? (await namePrincipals(items.map(principalIdOf), signal))
    return { assignments: named({ registryId, roles, names }, items).toSorted(inOrder), next, isIncomplete }
  })
}

type ReadPage = ArmPage<RoleAssignment> & {
  /** Who they are, if it is known already. */
  readonly principals?: ReadonlyMap<string, Principal>
  /** Whether more principals match than those whose assignments these are. */
  readonly isIncomplete?: boolean
}

async function readFirst(
  registryId: string,
  { filter, role }: AssignmentSearch,
  signal: AbortSignal,
): Promise<ReadPage> {
  if (filter === '') return readAssignments(registryId, { role }, signal)
  const ofPrincipal = (principalId: string) => listAssignments(registryId, { principalId, role }, signal)
  if (isGuid(filter)) return { items: await ofPrincipal(filter), next: undefined }
  const found = await searchPrincipals(filter, signal)
  return {
    items: (await Promise.all(found.map(({ id }) => ofPrincipal(id)))).flat(),
    next: undefined,
    principals: new Map(found.map((each) => [each.id, each])),
    isIncomplete: isCut(found),
  }
}

const readNext = (path: string, signal: AbortSignal): Promise<ReadPage> => readPage(path, signal)

/** The name of a principal by its object id. Undefined if the person may not see the principal. */
export function usePrincipalName(id: string): string | undefined {
  return useRead(['principal-name', id], isGuid(id) && ((signal) => namePrincipals([id], signal))).data?.get(id)?.name
}

/** The role assignments of some principals. */
export function useAssignmentsOf(registryId: string, principalIds: readonly string[]) {
  const client = useQueryClient()
  return useRead([...accessKey(registryId), 'of', ...principalIds], async (signal) => {
    const [roles, ...lists] = await Promise.all([
      client.fetchQuery(rolesQuery(registryId)),
      ...principalIds.map((principalId) => listAssignments(registryId, { principalId }, signal)),
    ])
    return named({ registryId, roles, names: new Map() }, lists.flat())
  })
}

/** Gained and lost permissions if the mode of a registry changes, page by page. */
export function useModeChanges(registryId: string, mode: RoleAssignmentMode) {
  return usePages([...accessKey(registryId), 'mode', mode], (after, signal) =>
    readModeChanges(registryId, mode, after === '' ? undefined : after, signal),
  )
}

type Names = {
  readonly registryId: string
  readonly roles: readonly RoleDefinition[]
  readonly names: ReadonlyMap<string, Principal>
}

function named({ registryId, roles, names }: Names, assignments: readonly RoleAssignment[]): NamedAssignment[] {
  const byName = new Map(roles.map((role) => [role.name, role]))
  return assignments.map(({ id, properties }) => {
    const { scope, principalId, principalType, roleDefinitionId, condition, description, createdBy, createdOn } =
      properties
    return {
      id,
      scope,
      isInherited: scope.toLowerCase() !== registryId.toLowerCase(),
      principalId,
      principalType,
      principal: names.get(principalId),
      roleDefinitionId,
      role: byName.get(roleDefinitionId.split('/').at(-1) ?? ''),
      condition,
      description,
      createdBy,
      createdOn,
    }
  })
}

const principalIdOf = ({ properties }: RoleAssignment): string => properties.principalId

/** The assignments of the registry itself first, then by name. */
function inOrder(one: NamedAssignment, other: NamedAssignment): number {
  if (one.isInherited !== other.isInherited) return one.isInherited ? 1 : -1
  return nameOf(one).localeCompare(nameOf(other))
}

/** The name of the principal of an assignment; the object id if the person may not see it. */
export function nameOf({ principal, principalId }: Pick<NamedAssignment, 'principal' | 'principalId'>): string {
  return principal?.name ?? principalId
}

/** The name of the role of an assignment. */
export const roleNameOf = ({ role }: NamedAssignment): string =>
  role?.properties.roleName ?? rightsTexts.access.goneRole

/** An assignment as the rules of modes read it. */
export const heldRole = ({ role, condition }: NamedAssignment): HeldRole => ({
  condition,
  permissions: role?.properties.permissions ?? [],
})

/** The assignments as the rules of modes read them. */
export const heldRoles = (assignments: readonly NamedAssignment[]): readonly HeldRole[] => assignments.map(heldRole)
