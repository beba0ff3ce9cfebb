import type { ArmContext, ManagementCaller } from './context.ts'
import { ArmError } from './errors.ts'
import { type PathNames, scopeOf } from './path-scope.ts'
import { hasRoleAround } from './visibility.ts'

type Context = Pick<ArmContext, 'access'>

/** The permission that a route requires of its caller. The scope is always the one that the path names. */
export type ManagementNeed =
  | 'public'
  | 'signed-in'
  /**
   * Any signed-in principal, for a list that contains the resources on which a role allows the action, and may be
   * empty.
   */
  | { readonly kind: 'signed-in'; readonly shows: string }
  /**
   * A role that allows the action at the scope. With `judgesAssignment`, a role whose condition may allow it is enough,
   * because the handler then checks the role assignment itself.
   */
  | { readonly kind: 'action'; readonly action: string; readonly judgesAssignment?: true }
  /** Any role at the scope, above it or below it: a caller who may see a resource also sees its containers. */
  | { readonly kind: 'any-role'; readonly action: string }

type ScopedNeed = Extract<ManagementNeed, { readonly kind: 'action' | 'any-role' }>

export type CallerNeed = Exclude<ManagementNeed, 'public'>

/**
 * Checks that the caller meets a need. Nothing is looked up before, so that a forbidden resource and one that does not exist
 * are denied in the same words.
 *
 * @throws ArmError 403
 */
export async function requireNeed(
  context: Context,
  need: CallerNeed,
  caller: ManagementCaller,
  names: PathNames,
): Promise<void> {
  if (need === 'signed-in' || need.kind === 'signed-in') return
  const scope = scopeOf(names)
  if (!(await isMet(context, need, caller, scope))) throw forbidden(caller, need, scope)
}

async function isMet(context: Context, need: ScopedNeed, caller: ManagementCaller, scope: string): Promise<boolean> {
  if (need.kind === 'any-role') return hasRoleAround(context, caller, scope)
  if (need.judgesAssignment === true) return context.access.mayManageSome(caller.rights, need.action, scope)
  return context.access.mayManage(caller.rights, need.action, scope)
}

/** The error for a missing permission at a scope. */
export function forbidden(
  { principal }: ManagementCaller,
  { action }: Pick<ScopedNeed, 'action'>,
  scope: string,
): ArmError {
  const name = principal.kind === 'user' ? principal.userPrincipalName : principal.appId
  const message = `The client '${name}' with object id '${principal.objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`
  return new ArmError('authorizationFailed', message, { wanted: { action, scope } })
}
