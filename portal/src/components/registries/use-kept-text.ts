import { imagesTexts } from '../texts/images.ts'
import { useRegistry } from './use-registry.ts'

/** A sentence that says whether deleted content of a registry can be restored. */
export function useKeptText(loginServer: string): string {
  const { registry } = useRegistry(loginServer)
  if (registry === undefined) return imagesTexts.confirm.unknownReturn
  const { status, retentionDays } = registry.properties.policies.softDeletePolicy
  return status === 'enabled' ? imagesTexts.confirm.kept(retentionDays) : imagesTexts.confirm.noReturn
}
