import type { Account } from '../../../clients/session/account.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { failure } from '../../../framework/command/failure.ts'
import { type SubscriptionFlags, choiceFlag, subscriptionFlag } from '../../../framework/options/flags.ts'
import { withResourceGroup } from '../../../framework/values/shape.ts'
import { assignRole } from '../assign.ts'
import { type Principal, principalType, requirePrincipal } from '../principals.ts'
import { requireNoneEmpty, requireScopeAccount, scopeOf } from '../scope.ts'

type Flags = SubscriptionFlags & {
  readonly role: string
  readonly scope: string
  readonly assignee?: string
  readonly assigneeObjectId?: string
  readonly assigneePrincipalType?: string
  readonly description?: string
  readonly condition?: string
  readonly conditionVersion?: string
  readonly name?: string
}

/** `acrux role assignment create`. */
export const command = defineCommand<Flags>({
  flags: [
    { flags: '--role <role>', description: 'the role: a name or an id', required: true },
    { flags: '--scope <id>', description: 'the id of a subscription, a resource group or a registry', required: true },
    { flags: '--assignee <name>', description: 'the user or service principal: a name or an id' },
    { flags: '--assignee-object-id <id>', description: 'the object id of the principal, instead of --assignee' },
    choiceFlag(
      '--assignee-principal-type <type>',
      ['ForeignGroup', 'Group', 'ServicePrincipal', 'User'],
      'with --assignee-object-id: the type of the principal the command then does not look up the type in Microsoft Graph',
    ),
    { flags: '--description <text>', description: 'a description of the assignment' },
    { flags: '--condition <condition>', description: 'a condition, for example on the name of the repository' },
    { flags: '--condition-version <version>', description: 'the version of the condition. Default: 2.0' },
    { flags: '-n, --name <guid>', description: 'a GUID for the assignment. Default: a new GUID' },
    subscriptionFlag,
  ],
  examples: [
    'acrux role assignment create --assignee alice@contoso.example --role AcrPull --scope "$(acrux acr show -n contoso --query id -o tsv)"',
  ],
  run: create,
})

async function create(flags: Flags, context: CommandContext): Promise<unknown> {
  requireNoneEmpty(flags)
  const conditionVersion = flags.conditionVersion ?? (flags.condition === undefined ? undefined : '2.0')
  requireConsistent(flags)
  const account = await requireScopeAccount(context, flags)
  const principal = await principalOf(context, account, flags)
  const scope = scopeOf(account, flags)
  const { role, name, description, condition } = flags
  const properties = {
    ...(description !== undefined && { description }),
    ...(condition !== undefined && { condition, conditionVersion }),
  }
  return withResourceGroup(await assignRole(account, { scope, role, principal, properties, name }))
}

function requireConsistent({
  assignee,
  assigneeObjectId,
  assigneePrincipalType,
  condition,
  conditionVersion,
}: Flags): void {
  if ((assignee === undefined) === (assigneeObjectId === undefined))
    throw failure('usage error: --assignee STRING | --assignee-object-id GUID')
  if (assigneePrincipalType !== undefined && assigneeObjectId === undefined)
    throw failure('usage error: --assignee-object-id GUID --assignee-principal-type TYPE')
  if (conditionVersion !== undefined && condition === undefined)
    throw failure('usage error: When --condition-version is set, --condition must be set as well.')
}

async function principalOf(context: CommandContext, account: Account, flags: Flags): Promise<Principal> {
  const { assignee, assigneeObjectId: id, assigneePrincipalType: type } = flags
  if (id === undefined) return requirePrincipal(context, account, assignee ?? '')
  if (type !== undefined) return { id, type }
  context.log.warning(
    'RBAC service might reject creating role assignment without --assignee-principal-type in the future. Better to specify --assignee-principal-type manually.',
  )
  return { id, type: await principalType(context, account, id) }
}
