import type { ManagementCaller, ManagementContext } from './context.ts'
import { ArmError } from './errors.ts'
import { type PathNames, scopeOf } from './path-scope.ts'
import { hasRoleAround } from './visibility.ts'

/** What a route needs of its caller. The scope is always the one that the path names. */
export type ManagementNeed =
  | 'public'
  | 'signed-in'
  /** The same for a list, which holds that for which a role allows the action, and may be empty. */
  | { readonly kind: 'signed-in'; readonly shows: string }
  /**
   * A role that allows the action at the scope. Where the handler judges the role assignment in question, a role will do
   * that may allow it by its condition.
   */
  | { readonly kind: 'action'; readonly action: string; readonly judgesAssignment?: true }
  /** Any role at the scope, above it or below it, whatever it allows: the way to a resource is shown with it. */
  | { readonly kind: 'any-role'; readonly action: string }

type ScopedNeed = Extract<ManagementNeed, { readonly kind: 'action' | 'any-role' }>

export type CallerNeed = Exclude<ManagementNeed, 'public'>

/**
 * Holds the caller to a need. Nothing is looked up before, so that what is forbidden and what does not exist are refused
 * in the same words.
 *
 * @throws ArmError 403
 */
export async function requireNeed(
  context: ManagementContext,
  need: CallerNeed,
  caller: ManagementCaller,
  names: PathNames,
): Promise<void> {
  if (need === 'signed-in' || need.kind === 'signed-in') return
  const scope = scopeOf(names)
  if (!(await isMet(context, need, caller, scope))) throw forbidden(caller, need, scope)
}

function isMet(
  context: ManagementContext,
  need: ScopedNeed,
  caller: ManagementCaller,
  scope: string,
): boolean | Promise<boolean> {
  if (need.kind === 'any-role') return hasRoleAround(context, caller, scope)
  if (need.judgesAssignment === true) return context.access.mayManageSome(caller.rights, need.action, scope)
  return context.access.mayManage(caller.rights, need.action, scope)
}

/** The refusal of an action at a scope. */
export function forbidden(
  { principal }: ManagementCaller,
  { action }: Pick<ScopedNeed, 'action'>,
  scope: string,
): ArmError {
  const name = principal.kind === 'user' ? principal.userPrincipalName : principal.appId
  const message = `The client '${name}' with object id '${principal.objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`
  return new ArmError('authorizationFailed', message, { wanted: { action, scope } })
}
