import { booleanFlag } from '../../../framework/options/flags.ts'
import { isGuid } from '../../../framework/values/guid.ts'
import { documentOf } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { listDefinitions } from '../definitions.ts'
import { roleDefinition } from '../documents.ts'
import { type ScopeFlags, scopeFlags, requireScopeAccount, scopeOf } from '../scope.ts'

type Flags = ScopeFlags & { readonly name?: string; readonly customRoleOnly?: boolean }

/** `acrux role definition list`. */
export const command = defineCommand<Flags>({
  flags: [
    { flags: '-n, --name <name>', description: 'list only the role with this name or GUID' },
    booleanFlag('--custom-role-only', 'whether to list only custom roles'),
    ...scopeFlags,
  ],
  examples: ['acrux role definition list -o table', 'acrux role definition list -n AcrPull'],
  prints: 'result',
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
