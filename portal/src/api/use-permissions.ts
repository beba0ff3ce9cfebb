import { permitsAction } from '@acrux/shared/standards/azure/role-permissions.ts'
import { listPermissions } from './access.ts'
import { isDenial } from './or-hidden.ts'
import { useRead } from './queries.ts'

/** Answers whether the signed-in person may carry out an action of ARM. */
export type MayAct = (action: string) => boolean

/**
 * What the person may do at a scope, to show what is not permitted. Until it is known, everything counts as permitted: the
 * server decides each request. A permission with a condition counts too, because it may apply.
 */
export function usePermissions(scope: string | undefined): MayAct {
  const known = useKnownPermissions(scope)
  return (action) => known === undefined || known(action)
}

/**
 * Like the function above, but undefined until the permissions are known: for views that would otherwise send
 * requests that are denied and recorded.
 */
export function useKnownPermissions(scope: string | undefined): MayAct | undefined {
  const { data, error } = useRead(
    ['permissions', scope],
    scope !== undefined && ((signal) => listPermissions(scope, signal)),
    { staleTime: 60_000 },
  )
  // Who may not ask has no role there.
  if (isDenial(error)) return () => false
  if (data !== undefined) return (action) => permitsAction(data, action)
  return error === null ? undefined : () => true
}
