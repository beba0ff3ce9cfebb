import { useQuery } from '@tanstack/react-query'
import { permitsAction } from '../../../server/src/standards/azure/role-permissions.ts'
import { listPermissions } from '../api/access.ts'

/** Answers whether the signed-in person may carry out an action of ARM. */
export type MayAct = (action: string) => boolean

/**
 * What the person may do at a scope, to show what is not permitted. Until it is known, everything counts as permitted: the
 * server decides each request. A permission with a condition counts too, because it may apply.
 */
export function usePermissions(scope: string | undefined): MayAct {
  const { data } = useQuery({
    queryKey: ['permissions', scope],
    enabled: scope !== undefined,
    queryFn: ({ signal }) => listPermissions(scope ?? '', signal),
    staleTime: 60_000,
  })
  return (action) => data === undefined || permitsAction(data, action)
}
