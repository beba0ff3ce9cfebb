import type { IncomingMessage } from 'node:http'
import type { StepUp } from './change-columns.ts'

/** The body of a response to a person who must authenticate again. */
export const stepUpBody = {
  error: {
    code: 'StepUpRequired',
    message: 'Confirm with your password and second factor that it is you, then repeat the request.',
  },
} as const

/** The person must authenticate again before the request. */
export class StepUpRequiredError extends Error {
  override readonly name = 'StepUpRequiredError'
  readonly status = 403
}

const checks = new WeakMap<IncomingMessage, () => Promise<boolean>>()

/** Sets the function `isDue` that the route of a forwarded portal request calls. Other requests need no step-up. */
export function offerStepUp(request: IncomingMessage, isDue: () => Promise<boolean>): void {
  checks.set(request, isDue)
}

/**
 * Checks whether a request requires a step-up. The surface calls this function for the route that serves the request,
 * after the authorization of the caller.
 *
 * @throws StepUpRequiredError
 */
export async function requireStepUp(
  request: IncomingMessage,
  { stepUp }: { readonly stepUp?: StepUp | undefined },
): Promise<void> {
  if (stepUp === true && (await checks.get(request)?.()) === true) throw new StepUpRequiredError(stepUpBody.error.code)
}
