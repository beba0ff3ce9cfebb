import { changeRegistry } from '../../api/access.ts'
import type { RegistryChange } from '../../api/policies.ts'
import { useReadAgain } from '../../api/queries.ts'
import type { Registry } from '../../api/registry-document.ts'
import { usePermissions } from '../../api/use-permissions.ts'
import { operationsTexts } from '../../components/texts/operations.ts'

/** How to change the policies of a registry, and why the person may not. */
export function useChange({ id }: Registry) {
  const readAgain = useReadAgain()
  const mayAct = usePermissions(id)
  return {
    reason: mayAct('Microsoft.ContainerRegistry/registries/write') ? undefined : operationsTexts.policies.mayNot,
    save: async (change: RegistryChange): Promise<void> => {
      await changeRegistry(id, change)
      await readAgain(['registries'])
    },
  }
}
