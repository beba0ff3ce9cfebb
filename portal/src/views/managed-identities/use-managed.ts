import { permitsAction } from '@acrux/shared/standards/azure/role-permissions.ts'
import { type ManagedList, listIdentities, listMachines } from '../../api/managed-identities.ts'
import { useRead, useReadAgain } from '../../api/queries.ts'
import { identitiesTexts } from '../../components/texts/identities.ts'

/** The managed identities that the person may see. */
export function useIdentities() {
  return useRead(['managed', 'identities'], (signal) => listIdentities(signal))
}

/** The machines that the person may see. */
export function useMachines() {
  return useRead(['managed', 'machines'], (signal) => listMachines(signal))
}

/** Why the person may not carry out an action in the subscription. Undefined if a role permits it. */
export function reasonAgainst(list: Pick<ManagedList<unknown>, 'permissions'>, action: string): string | undefined {
  return permitsAction(list.permissions, action) ? undefined : identitiesTexts.managedView.noRole(action)
}

/** Reads them again after a change. */
export function useChangedManaged(): () => Promise<void> {
  const readAgain = useReadAgain()
  return () => readAgain(['managed'])
}
