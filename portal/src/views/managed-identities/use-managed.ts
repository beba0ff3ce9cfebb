import { useQuery, useQueryClient } from '@tanstack/react-query'
import { permitsAction } from '@acrux/shared/standards/azure/role-permissions.ts'
import { type ManagedList, listIdentities, listMachines } from '../../api/managed-identities.ts'
import { identitiesTexts } from '../../components/texts/identities.ts'

/** The managed identities that the person may see. */
export function useIdentities() {
  return useQuery({ queryKey: ['managed', 'identities'], queryFn: ({ signal }) => listIdentities(signal) })
}

/** The machines that the person may see. */
export function useMachines() {
  return useQuery({ queryKey: ['managed', 'machines'], queryFn: ({ signal }) => listMachines(signal) })
}

/** Why the person may not carry out an action in the subscription. Undefined if a role permits it. */
export function reasonAgainst(list: Pick<ManagedList<unknown>, 'permissions'>, action: string): string | undefined {
  return permitsAction(list.permissions, action) ? undefined : identitiesTexts.managedView.noRole(action)
}

/** Reads them again after a change. */
export function useChangedManaged(): () => Promise<void> {
  const queries = useQueryClient()
  return () => queries.invalidateQueries({ queryKey: ['managed'] })
}
