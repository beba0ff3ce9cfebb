import type { AuditLog } from '../../audit/index.ts'
import type { Directory } from '../../directory/index.ts'
import type { ScopedTokens } from '../scoped-tokens/scoped-tokens.ts'
import type { Explain } from './explain.ts'
import type { ModeChanges } from './mode-changes.ts'

/** The dependencies of the questions about decisions. */
export type DecisionContext = {
  readonly auditLog: AuditLog
  readonly access: Explain & ModeChanges & { readonly scopedTokens: Pick<ScopedTokens, 'find' | 'allowing'> }
  readonly directory: Pick<Directory, 'findPrincipal' | 'groupIdsOf'>
}
