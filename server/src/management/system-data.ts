import type { Authorship } from '../access/index.ts'
import { formatArmTime } from '../standards/azure/acr-time.ts'

/** Who made a resource and who changed it last, as ARM shows it. [arm-facts §1, §6] */
export function systemData({ createdAtMs, createdBy, changedAtMs, changedBy }: Authorship): object {
  return {
    createdBy: createdBy.name,
    createdByType: createdBy.kind,
    createdAt: formatArmTime(createdAtMs),
    lastModifiedBy: changedBy.name,
    lastModifiedByType: changedBy.kind,
    lastModifiedAt: formatArmTime(changedAtMs),
  }
}
