import type { RoleDefinition } from '../access/index.ts'
import { subscriptionId } from '../spec/resource-id.ts'
import type { ManagementCall, ManagementOptions } from './call.ts'
import { ArmError } from './errors.ts'
import { type FilterTerm, readFilter, unsupportedFilter } from './query.ts'
import { requireScopeId } from './scope.ts'

/** `GET …/roleDefinitions`, by name and type in any case. The built-in ones can be given at every scope. */
export async function listRoleDefinitions(rooms: ManagementOptions, call: ManagementCall): Promise<unknown> {
  const terms = readFilter(call.request)
  const tests = terms.map(toTest)
  await requireScopeId(rooms, call)
  const value = rooms.access
    .listRoleDefinitions()
    .filter((role) => tests.every((test) => test(role)))
    .map((role) => definitionDocument(role, call.names.subscriptionId))
  return { value }
}

/** `GET …/roleDefinitions/{guid}` */
export async function getRoleDefinition(rooms: ManagementOptions, call: ManagementCall): Promise<unknown> {
  await requireScopeId(rooms, call)
  const { name, subscriptionId: subscription } = call.names
  const role = rooms.access.listRoleDefinitions().find((candidate) => candidate.name === name.toLowerCase())
  if (role !== undefined) return definitionDocument(role, subscription)
  throw new ArmError('definitionNotFound', `The specified role definition with ID '${name}' does not exist.`)
}

/**
 * The id of a role definition as it is seen from a subscription, or from the tenant. Clients join assignments with
 * definitions by this very text. [az-cli-wire §4.7]
 */
export function roleDefinitionId(subscription: string, name: string): string {
  const scope = subscription === '' ? '' : subscriptionId(subscription)
  return `${scope}/providers/Microsoft.Authorization/roleDefinitions/${name}`
}

function toTest(term: FilterTerm): (role: RoleDefinition) => boolean {
  if (term.form === 'call') {
    if (term.name !== 'atscopeandbelow' || term.value !== undefined) throw unsupportedFilter()
    return () => true
  }
  const wanted = term.value.toLowerCase()
  switch (term.name) {
    case 'rolename':
      return ({ roleName }) => roleName.toLowerCase() === wanted
    case 'type':
      return ({ type }) => type.toLowerCase() === wanted
    default:
      throw unsupportedFilter()
  }
}

function definitionDocument(role: RoleDefinition, subscription: string): object {
  const { name, roleName, type, description, assignableScopes, permissions } = role
  return {
    properties: { roleName, type, description, assignableScopes, permissions },
    id: roleDefinitionId(subscription, name),
    type: 'Microsoft.Authorization/roleDefinitions',
    name,
  }
}
