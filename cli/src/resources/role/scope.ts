import { type Account, requireAccount } from '../../clients/session/account.ts'
import type { FlagDescription } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { failure } from '../../framework/command/failure.ts'
import { type SubscriptionFlags, subscriptionFlag } from '../../framework/options/flags.ts'

/** Selects a scope: its id, or a resource group. */
export type ScopeFlags = SubscriptionFlags & { readonly scope?: string; readonly resourceGroup?: string }

/** Describes {@link ScopeFlags}. */
export const scopeFlags: readonly FlagDescription[] = [
  { flags: '--scope <id>', description: 'the id of a subscription, a resource group or a registry' },
  { flags: '-g, --resource-group <group>', description: 'the name of a resource group, instead of --scope' },
  subscriptionFlag,
]

/**
 * The account for the subscription in the scope or in the flags. @throws CommandFailure if the account is not signed in
 */
export function requireScopeAccount(context: CommandContext, flags: ScopeFlags): Promise<Account> {
  const [, subscription] = /^\/subscriptions\/([^/]*)\//.exec(flags.scope ?? '') ?? []
  return requireAccount(context, subscription === undefined ? flags : { subscription })
}

/** The scope of the flags; the subscription by default. @throws CommandFailure with az's messages */
export function scopeOf({ subscription }: Account, { scope, resourceGroup }: ScopeFlags): string {
  const own = `/subscriptions/${subscription.id}`
  if (scope === undefined) return resourceGroup === undefined ? own : `${own}/resourceGroups/${resourceGroup}`
  if (resourceGroup !== undefined)
    throw failure(`Resource group "${resourceGroup}" is redundant because scope is supplied`)
  if (scope.startsWith('/subscriptions/') && !/^\/subscriptions\/[^/]+(?:\/(?:[^/]+\/[^/]+\/?)*)?$/.test(scope))
    throw failure('Invalid scope. Please use --help to view the valid format.')
  return scope
}

/** @throws CommandFailure with az's message if an option is an empty text, which would select everything */
export function requireNoneEmpty(flags: ScopeFlags & { readonly assignee?: string; readonly role?: string }): void {
  const options = {
    '--assignee': flags.assignee,
    '--scope': flags.scope,
    '--role': flags.role,
    '--resource-group': flags.resourceGroup,
  }
  const [empty] = Object.entries(options).find(([, value]) => value === '') ?? []
  if (empty !== undefined)
    throw failure(`usage error: ${empty} can't be an empty string. Either omit it or provide a non-empty string.`)
}
