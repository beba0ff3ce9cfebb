import type { Audit } from '../audit/index.ts'
import type { CallerBudgets } from '../platform/limits/caller-budget.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Identity } from '../identity/index.ts'
import type { AcrTokens } from './acr-token.ts'
import type { StandingRooms } from './credential.ts'
import type { Decisions } from './decisions.ts'
import type { IssueMemory } from './issue-memory.ts'
import type { Refusals } from './refusals.ts'
import type { UnprovedCredentials } from './unproved.ts'

/** Whom the token endpoints ask. */
export type TokenRooms = StandingRooms & {
  readonly identity: Identity
  readonly audit: Audit
  readonly clock: Clock
  readonly tokens: AcrTokens
  readonly refusals: Refusals
  readonly issues: IssueMemory
  readonly decisions: Decisions
  readonly unproved: UnprovedCredentials
  readonly budgets: CallerBudgets
  readonly repositoryDeletions: () => number | Promise<number>
  /** The port that clients leave out of a host. */
  readonly defaultPort: number
}
