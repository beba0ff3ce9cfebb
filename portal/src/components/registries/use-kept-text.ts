import { imagesTexts } from '../texts/images.ts'
import { useRegistry } from './use-registry.ts'

/** For how many days deleted content of a registry can be restored: 0 if it cannot, undefined if the person may not see it. */
export function useKeptDays(loginServer: string): number | undefined {
  const { registry } = useRegistry(loginServer)
  if (registry === undefined) return undefined
  const { status, retentionDays } = registry.properties.policies.softDeletePolicy
  return status === 'enabled' ? retentionDays : 0
}

/** A sentence that says whether deleted content of a registry can be restored. */
export function useKeptText(loginServer: string): string {
  const days = useKeptDays(loginServer)
  if (days === undefined) return imagesTexts.confirm.unknownReturn
  return days === 0 ? imagesTexts.confirm.noReturn : imagesTexts.confirm.kept(days)
}
