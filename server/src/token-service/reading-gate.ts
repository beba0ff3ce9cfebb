import { mainThreadOnly } from '../platform/process/main-thread-only.ts'
import type { Gate } from '../registry/index.ts'
import { createGate } from './gate/gate.ts'
import { createRefusals } from './denials/refusals.ts'
import { throttleOfMainThread } from './limits/throttle.ts'
import type { TokenServiceOptions } from './token-service.ts'
import { createAcrKeys } from './tokens/acr-keys.ts'
import { createAcrTokens } from './tokens/acr-token.ts'

export type ReadingGateOptions = Omit<TokenServiceOptions, 'identity' | 'callerBudgets' | 'repositoryDeletions'> &
  Required<Pick<TokenServiceOptions, 'callerBudgets'>>

/**
 * Creates the gate of a thread that only reads. It admits callers, and answers requests without credentials. Whatever would
 * be denied, recorded or counted throws MainThreadOnlyError.
 */
export function createReadingGate(options: ReadingGateOptions): Gate {
  const { clock, callerBudgets, scheme, throttling } = options
  return createGate({
    ...options,
    budgets: callerBudgets,
    tokens: createAcrTokens({ keys: createAcrKeys(options), clock }),
    refusals: createRefusals(scheme),
    throttle: throttleOfMainThread(throttling === 'acr' ? 'all' : 'acr'),
    identity: { verifyWorkloadToken: mainThreadOnly },
    denials: { explainActions: mainThreadOnly, explainCredential: mainThreadOnly },
    failures: { explainBearer: mainThreadOnly, explainPassword: mainThreadOnly },
  })
}
