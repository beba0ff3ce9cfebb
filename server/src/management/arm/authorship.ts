import { z } from 'zod'
import type { Authorship } from '../../authorization/index.ts'
import { formatArmTime } from '@acrux/shared/standards/azure/acr-time.ts'
import type { Author } from '@acrux/shared/standards/azure/author.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { ManagementCaller } from './context.ts'
import { timeText } from './response.ts'

const authorKind = z.enum(['User', 'Application'])

/** Who created a resource and who changed it last. [arm-facts §1, §6] */
export const systemDataResponse = z
  .strictObject({
    createdBy: z.string(),
    createdByType: authorKind,
    createdAt: timeText,
    lastModifiedBy: z.string(),
    lastModifiedByType: authorKind,
    lastModifiedAt: timeText,
  })
  .register(apiSchemas, { id: 'SystemData' })

/** The authors of a resource as ARM shows them. */
export function systemData(authorship: Authorship): DocumentOf<typeof systemDataResponse> {
  const { createdAtMs, createdBy, changedAtMs, changedBy } = authorship
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
