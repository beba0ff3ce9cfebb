import { askArm } from '../../../clients/arm/arm.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { failure } from '../../../framework/command/failure.ts'
import { yesFlag } from '../../../framework/options/flags.ts'
import { assignmentVersion, searchAssignments } from '../assignments.ts'
import { requirePrincipal } from '../principals.ts'
import { type ScopeFlags, requireNoneEmpty, requireScopeAccount, scopeFlags, scopeOf } from '../scope.ts'

type Flags = ScopeFlags & {
  readonly ids?: readonly string[]
  readonly assignee?: string
  readonly assigneeObjectId?: string
  readonly role?: string
  readonly includeInherited?: true
}

/** `acrux role assignment delete`. */
export const command = defineCommand<Flags>({
  about: '\nSpecify at least one option that selects assignments. The command deletes all matching assignments.',
  flags: [
    {
      flags: '--ids <id...>',
      description: 'the ids of the assignments; the other options are then ignored',
      repeated: true,
    },
    {
      flags: '--assignee <name>',
      description: 'delete the assignments of this user or service principal: a name or an id',
    },
    { flags: '--assignee-object-id <id>', description: 'delete the assignments of the principal with this object id' },
    { flags: '--role <role>', description: 'delete the assignments of this role: a name or an id' },
    ...scopeFlags,
    { flags: '--include-inherited', description: 'also delete the assignments at the parent scopes' },
    { ...yesFlag, description: 'has no effect: the command asks for no confirmation' },
  ],
  examples: [
    'acrux role assignment delete --assignee alice@contoso.example --role AcrPull --scope "$(acrux acr show -n contoso --query id -o tsv)"',
  ],
  run: deleteAssignments,
})

async function deleteAssignments(flags: Flags, context: CommandContext): Promise<void> {
  requireNoneEmpty(flags)
  const { ids, assignee, assigneeObjectId, role, resourceGroup, scope, includeInherited } = flags
  if ((ids ?? assignee ?? assigneeObjectId ?? role ?? resourceGroup ?? scope) === undefined) {
    throw failure(
      'Please provide at least one of these arguments: --ids, --assignee, --assignee-object-id, --role, --resource-group, --scope',
    )
  }
  if (assignee !== undefined && assigneeObjectId !== undefined)
    throw failure('Usage error: Provide only one of --assignee or --assignee-object-id.')
  const account = await requireScopeAccount(context, flags)
  const selected =
    ids ??
    (
      await searchAssignments(account, {
        scope: scopeOf(account, flags),
        objectId:
          assigneeObjectId ??
          (assignee === undefined ? undefined : (await requirePrincipal(context, account, assignee)).id),
        role,
        includesInherited: includeInherited === true,
      })
    ).map((each) => String(each['id']))
  if (selected.length === 0) throw failure('No matched assignments were found to delete')
  for (const id of selected) await askArm(account, { method: 'DELETE', url: `${id}?api-version=${assignmentVersion}` })
}
