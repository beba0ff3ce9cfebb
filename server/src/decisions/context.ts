import type { Access } from '../access/index.ts'
import type { AuditLog } from '../audit/index.ts'
import type { Directory } from '../directory/index.ts'

/** The dependencies of the questions about decisions. */
export type DecisionContext = {
  readonly auditLog: AuditLog
  readonly access: Pick<Access, 'explain' | 'explainAction' | 'whoMay' | 'listModeChanges' | 'scopedTokens'>
  readonly directory: Pick<Directory, 'findPrincipal' | 'groupIdsOf'>
}
