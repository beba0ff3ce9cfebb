import { setTimeout as sleep } from 'node:timers/promises'
import { failure } from '../../framework/command/failure.ts'
import { valueAt } from '../../framework/values/shape.ts'

/** How often a resource is read, and how long it may take. */
type Patience = { readonly intervalMs: number; readonly maxMs: number }

const defaultPatience: Patience = { intervalMs: 2000, maxMs: 10 * 60_000 }

const finalStates: readonly unknown[] = ['Succeeded', 'Failed', 'Canceled', undefined]

/**
 * Waits until a resource is no longer being created or changed. `read` gets it again. [ARM asynchronous operations]
 *
 * @throws CommandFailure if it takes too long
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
      throw failure(`the resource is still in the state ${String(state)} after ${minutes} minutes`, 'show it later')
    }
    await sleep(intervalMs)
  }
}
