import type { RawExchange } from '../platform/http/raw-surface.ts'
import { mainThreadOnly } from '../platform/process/main-thread-only.ts'
import { throttleOfMainThread } from './limits/throttle.ts'
import { type TokenService, type TokenServiceOptions, assembleTokenService } from './token-service.ts'
import { createAcrKeys } from './tokens/acr-keys.ts'

export type ReadingTokenServiceOptions = TokenServiceOptions & {
  readonly leaveToMainThread: (exchange: RawExchange) => void
}

/**
 * Creates the token service of a thread that only reads. This token service issues tokens, admits callers, and
 * answers requests without
 * credentials. Whatever would be denied or counted is left to the main thread: the gate throws MainThreadOnlyError.
 */
export function createReadingTokenService(
  options: ReadingTokenServiceOptions,
): Pick<TokenService, 'gate' | 'routes' | 'mount'> {
  return assembleTokenService(options, {
    keys: createAcrKeys(options),
    throttle: throttleOfMainThread(options.throttling === 'acr' ? 'all' : 'acr'),
    explanations: {
      explainActions: mainThreadOnly,
      explainCredential: mainThreadOnly,
      explainNoRole: mainThreadOnly,
      explainSmallerToken: mainThreadOnly,
    },
    failures: { explainBearer: mainThreadOnly, explainPassword: mainThreadOnly, explainToken: mainThreadOnly },
  })
}
