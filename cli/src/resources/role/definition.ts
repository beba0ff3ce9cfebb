import { isGuid } from '@acrux/shared/standards/azure/guid.ts'
import { odataText } from '@acrux/shared/standards/azure/odata-text.ts'
import { listArm } from '../../clients/arm/arm.ts'
import type { Account } from '../../clients/session/account.ts'
import { defineCommand } from '../../framework/command/command.ts'
import { failure } from '../../framework/command/failure.ts'
import { booleanFlag } from '../../framework/options/flags.ts'
import { documentOf, valueAt } from '../../framework/values/shape.ts'
import { roleDefinition } from './documents.ts'
import { type ScopeFlags, requireScopeAccount, scopeFlags, scopeOf } from './scope.ts'

/** Lists the roles at a scope, or the roles with a name. @throws ApiError */
export function listDefinitions(account: Account, scope: string, roleName?: string): Promise<readonly unknown[]> {
  const filter = roleName === undefined ? '' : `&$filter=${encodeURIComponent(`roleName eq ${odataText(roleName)}`)}`
  const path = `${scope.replace(/\/+$/, '')}/providers/Microsoft.Authorization/roleDefinitions`
  return listArm(account, `${path}?api-version=2022-05-01-preview${filter}`)
}

/** The id of a role, by its id, GUID or name. @throws CommandFailure with az's messages */
export async function requireRoleId(account: Account, scope: string, role: string): Promise<string> {
  if (/^\/subscriptions\/.+\/providers\/Microsoft.Authorization\/roleDefinitions\//i.test(role)) return role
  if (isGuid(role))
    return `/subscriptions/${account.subscription.id}/providers/Microsoft.Authorization/roleDefinitions/${role}`
  const found = (await listDefinitions(account, scope, role)).map((each) => String(valueAt(each, 'id')))
  const [id, another] = found
  if (id === undefined)
    throw failure(`Role '${role}' doesn't exist.`, 'list the roles: acrux role definition list -o table')
  if (another !== undefined)
    throw failure(`More than one role matches the given name '${role}'. Please pick a value from '${found.join(', ')}'`)
  return id
}

type ListRolesFlags = ScopeFlags & { readonly name?: string; readonly customRoleOnly?: boolean }

/** `acrux role definition list`. */
export const listRoles = defineCommand<ListRolesFlags>({
  flags: [
    { flags: '-n, --name <name>', description: 'list only the role with this name or GUID' },
    booleanFlag('--custom-role-only', 'whether to list only custom roles'),
    ...scopeFlags,
  ],
  examples: ['acrux role definition list -o table', 'acrux role definition list -n AcrPull'],
  table: (roles: readonly Readonly<Record<string, unknown>>[]) =>
    roles.map((role) => ({ Name: role['roleName'], Type: role['type'], Description: role['description'] })),
  run: async (flags, context) => {
    const account = await requireScopeAccount(context, flags)
    const { name, customRoleOnly } = flags
    const byName = name === undefined || isGuid(name) ? undefined : name
    const roles = await listDefinitions(account, scopeOf(account, flags), byName)
    return roles
      .map((each) => documentOf(roleDefinition, each))
      .filter((role) => name === undefined || role['name'] === name || role['roleName'] === name)
      .filter((role) => customRoleOnly !== true || role['roleType'] === 'CustomRole')
  },
})
