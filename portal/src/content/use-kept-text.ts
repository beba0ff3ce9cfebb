import { imagesTexts } from '../texts/images.ts'
import { useRegistry } from '../views/registry/use-registry.ts'

/** Whether what is deleted in a registry can be restored, as a sentence. */
export function useKeptText(loginServer: string): string {
  const { registry } = useRegistry(loginServer)
  if (registry === undefined) return imagesTexts.confirm.unknownReturn
  const { status, retentionDays } = registry.properties.policies.softDeletePolicy
  return status === 'enabled' ? imagesTexts.confirm.kept(retentionDays) : imagesTexts.confirm.noReturn
}
