/** One block of a role definition's permissions. Actions are for ARM, data actions for the registry's content. */
export type RolePermissions = {
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
  readonly dataActions: readonly string[]
  readonly notDataActions: readonly string[]
}

/**
 * Whether `pattern` matches `action`, in any case. `*` matches any characters, including slashes. The parts between the
 * stars are matched from left to right without backtracking, so no pattern is slow. [Azure RBAC, Actions]
 */
export function matchesActionPattern(pattern: string, action: string): boolean {
  const text = action.toLowerCase()
  const [head = '', ...parts] = pattern.toLowerCase().split('*')
  const tail = parts.pop()
  if (tail === undefined) return head === text
  if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false
  const end = text.length - tail.length
  let at = head.length
  for (const part of parts) {
    const found = text.indexOf(part, at)
    if (found === -1 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

/** Whether one of the blocks permits the ARM action. `notActions` subtracts from its own block only, and denies nothing. */
export function permitsAction(permissions: readonly RolePermissions[], action: string): boolean {
  return permissions.some(({ actions, notActions }) => matchesAny(actions, action) && !matchesAny(notActions, action))
}

/** Whether one of the blocks permits the data action; `notDataActions` as in {@link permitsAction}. */
export function permitsDataAction(permissions: readonly RolePermissions[], action: string): boolean {
  return permissions.some(
    ({ dataActions, notDataActions }) => matchesAny(dataActions, action) && !matchesAny(notDataActions, action),
  )
}

function matchesAny(patterns: readonly string[], action: string): boolean {
  return patterns.some((pattern) => matchesActionPattern(pattern, action))
}
