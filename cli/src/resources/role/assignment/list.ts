import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { failure } from '../../../framework/command/failure.ts'
import { booleanFlag } from '../../../framework/options/flags.ts'
import { valueAt, withResourceGroup } from '../../../framework/values/shape.ts'
import { searchAssignments, withNames } from '../assignments.ts'
import { requirePrincipal } from '../principals.ts'
import { type ScopeFlags, requireNoneEmpty, requireScopeAccount, scopeFlags, scopeOf } from '../scope.ts'

type Flags = ScopeFlags & {
  readonly assignee?: string
  readonly assigneeObjectId?: string
  readonly role?: string
  readonly all?: true
  readonly includeInherited?: true
  readonly includeGroups?: true
  readonly fillPrincipalName?: boolean
  readonly fillRoleDefinitionName?: boolean
}

/** `acrux role assignment list`. */
export const command = defineCommand<Flags>({
  flags: [
    {
      flags: '--assignee <name>',
      description: 'list only the assignments of this user or service principal: a name or an id',
    },
    {
      flags: '--assignee-object-id <id>',
      description: 'list only the assignments of the principal with this object id',
    },
    { flags: '--role <role>', description: 'list only the assignments of this role: a name or an id' },
    ...scopeFlags,
    { flags: '--all', description: 'list the assignments at the subscription and below' },
    { flags: '--include-inherited', description: 'also list the assignments at the parent scopes' },
    { flags: '--include-groups', description: 'also list the assignments of the groups of the principal' },
    booleanFlag(
      '--fill-principal-name',
      'whether to get the names of the principals from Microsoft Graph. Default: true',
    ),
    booleanFlag('--fill-role-definition-name', 'whether to look up the names of the roles. Default: true'),
  ],
  examples: [
    'acrux role assignment list --all -o table',
    'acrux role assignment list --assignee alice@contoso.example --all',
  ],
  table: (assignments: readonly unknown[]) =>
    assignments.map((each) => ({
      Principal: valueAt(each, 'principalName'),
      Role: valueAt(each, 'roleDefinitionName'),
      Scope: valueAt(each, 'scope'),
    })),
  run: list,
})

async function list(flags: Flags, context: CommandContext): Promise<unknown> {
  requireNoneEmpty(flags)
  const { assignee, assigneeObjectId, role, all, includeInherited, includeGroups } = flags
  if (assignee !== undefined && assigneeObjectId !== undefined)
    throw failure('Usage error: Provide only one of --assignee or --assignee-object-id.')
  if (all === true && (flags.resourceGroup ?? flags.scope) !== undefined)
    throw failure('group or scope are not required when --all is used')
  const account = await requireScopeAccount(context, flags)
  const scope = all === true ? undefined : scopeOf(account, flags)
  const objectId =
    assigneeObjectId ?? (assignee === undefined ? undefined : (await requirePrincipal(context, account, assignee)).id)
  const found = await searchAssignments(account, {
    scope,
    objectId,
    role,
    includesInherited: includeInherited === true,
    includesGroups: includeGroups === true,
  })
  return withResourceGroup(await withNames(account, found, { ...flags, scope }))
}
