import type { Authorship } from '../../access/index.ts'
import { formatArmTime } from '../../standards/azure/acr-time.ts'
import type { Author } from '../../standards/azure/author.ts'
import type { ManagementCaller } from './context.ts'

/** Who created a resource and who changed it last, as ARM shows it. [arm-facts §1, §6] */
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

/** The caller, as ARM names the author of a change. */
export function authorOf({ principal }: ManagementCaller): Author {
  return principal.kind === 'user'
    ? { name: principal.userPrincipalName, kind: 'User' }
    : { name: principal.appId, kind: 'Application' }
}
