import { setTimeout as sleep } from 'node:timers/promises'
import { failure } from '../../framework/command/failure.ts'
import { valueAt } from '../../framework/values/shape.ts'

/** The interval between reads of a resource, and the maximum duration. */
type Patience = { readonly intervalMs: number; readonly maxMs: number }

const defaultPatience: Patience = { intervalMs: 2000, maxMs: 10 * 60_000 }

const finalStates: readonly unknown[] = ['Succeeded', 'Failed', 'Canceled', undefined]

/**
 * Waits until a resource is no longer being created or changed. `read` gets the resource again. [ARM asynchronous
 * operations]
 *
 * @throws CommandFailure if the resource takes too long
 */
export async function settled(
  response: unknown,
  read: () => Promise<unknown>,
  { intervalMs, maxMs }: Patience = defaultPatience,
): Promise<unknown> {
  const deadlineMs = performance.now() + maxMs
  for (let current = response; ; current = await read()) {
    const state = valueAt(current, 'properties.provisioningState')
    if (finalStates.includes(state)) return current
    if (performance.now() >= deadlineMs) {
      const minutes = Math.round(maxMs / 60_000)
      throw failure(
        `the resource is still in the state ${String(state)} after ${minutes} minutes`,
        'show the resource again later',
      )
    }
    await sleep(intervalMs)
  }
}
