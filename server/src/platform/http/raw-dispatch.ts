import type { CallerBudgets } from '../limits/caller-budget.ts'
import { OverBudgetError } from '../limits/caller-limits.ts'
import type { Log } from '../log/log.ts'
import { MainThreadOnlyError } from '../process/main-thread-only.ts'
import type { RawExchange } from './raw-surface.ts'
import { ClientGoneError } from './read-body.ts'
import { discardRest } from './unread-body.ts'

/** The required properties of a failure. A failure with a status of 500 or more is logged unless it is expected. */
type AnyFailure = { readonly status: number; readonly isExpected?: true }

/** The functions with which a raw surface answers its requests. `Failure` is the surface's description of an error. */
type RawDispatchOptions<Failure extends AnyFailure> = {
  /** Answers the request, or throws. */
  readonly serve: (exchange: RawExchange) => Promise<void>
  /** Describes any error that `serve` throws, for the client. */
  readonly describe: (error: unknown) => Failure
  /** Sends a failure to the client, in the format of the surface. */
  readonly sendFailure: (exchange: RawExchange, failure: Failure) => void
  /** A function that is called with each failure that is sent or that cuts off a response. */
  readonly onFailure?: (exchange: RawExchange) => void
  /**
   * The cost of a failure, which is charged to the address of the sender. Absent if `serve` charges failures itself.
   */
  readonly failureCost?: { readonly budgets: CallerBudgets; readonly milliseconds: number }
  readonly logging: { readonly log: Log; readonly message: string }
  /** Passes a request to the main thread. Used only in a thread that can only read. */
  readonly leaveToMainThread?: ((exchange: RawExchange) => void) | undefined
}

/**
 * Creates the function that answers the requests of a raw surface. This function never throws, and answers each failure
 * once.
 */
export function createRawDispatch<Failure extends AnyFailure>(
  options: RawDispatchOptions<Failure>,
): (exchange: RawExchange) => void {
  const { serve } = options
  const onError = async (exchange: RawExchange, error: unknown) => {
    if (error instanceof MainThreadOnlyError && options.leaveToMainThread !== undefined) {
      exchange.isHandedOver = true
      options.leaveToMainThread(exchange)
    } else answerFailure(options, exchange, await charged(options, exchange, error))
  }
  return (exchange) => {
    serve(exchange)
      .catch((error: unknown) => onError(exchange, error))
      .catch((error: unknown) => {
        // The failure could not be sent to the client.
        const { log, message } = options.logging
        log.error({ id: exchange.origin.correlationId, err: error }, message)
        exchange.response.destroy()
      })
  }
}

/**
 * Charges a failure to the address. Returns the error to send: if the sender exceeds its budget, the error of the
 * budget, otherwise the failure.
 */
async function charged<Failure extends AnyFailure>(
  { failureCost }: RawDispatchOptions<Failure>,
  { origin }: RawExchange,
  error: unknown,
): Promise<unknown> {
  if (failureCost === undefined || error instanceof OverBudgetError) return error
  try {
    await failureCost.budgets.ofAddress(origin.remoteAddress).settle(failureCost.milliseconds)
    return error
  } catch (overBudget) {
    return overBudget
  }
}

function answerFailure<Failure extends AnyFailure>(
  { describe, sendFailure, onFailure, logging }: RawDispatchOptions<Failure>,
  exchange: RawExchange,
  error: unknown,
): void {
  const { request, response, origin } = exchange
  onFailure?.(exchange)
  if (error instanceof ClientGoneError || response.destroyed) {
    response.destroy()
    return
  }
  const failure = describe(error)
  if (failure.status >= 500 && failure.isExpected !== true) {
    logging.log.error({ id: origin.correlationId, err: error }, logging.message)
  }
  // A response that has begun cannot be replaced, so the connection is closed.
  if (response.headersSent) response.destroy()
  else sendFailure(exchange, failure)
  discardRest(request)
}
