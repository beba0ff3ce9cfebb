import type { Audit } from '../../audit/index.ts'
import type { CallerBudgets } from '../../platform/limits/caller-budget.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Identity } from '../../identity/index.ts'
import type { AcrTokens } from '../tokens/acr-token.ts'
import type { StandingContext } from '../tokens/credential.ts'
import type { DenialExplanations } from '../denials/explain-denial.ts'
import type { IssueCache } from './issue-cache.ts'
import type { Denials } from '../denials/denials.ts'
import type { FailedAuthentications } from '../denials/failed-authentication.ts'

/** The dependencies of the handlers of `/oauth2/*`. */
export type TokenContext = StandingContext & {
  readonly identity: Pick<Identity, 'verifyAccessToken' | 'verifyIncomingToken' | 'verifyWorkloadToken'>
  readonly audit: Audit
  readonly clock: Clock
  readonly tokens: AcrTokens
  readonly denials: Denials
  readonly issueCache: IssueCache
  readonly explanations: Omit<DenialExplanations, 'explainActions'>
  readonly failures: Omit<FailedAuthentications, 'explainBearer'>
  readonly budgets: CallerBudgets
  /** The number of repositories that have been deleted so far. */
  readonly repositoryDeletions: () => Promise<number>
  /** The port that clients omit from a host. */
  readonly defaultPort: number
}
