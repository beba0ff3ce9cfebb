import { setTimeout as sleep } from 'node:timers/promises'
import { valueAt } from './shape.ts'

const intervalMs = 2000

const finalStates: readonly unknown[] = ['Succeeded', 'Failed', 'Canceled', undefined]

/** Waits until a resource is no longer being created or changed. `read` gets it again. [ARM asynchronous operations] */
export async function settled(response: unknown, read: () => Promise<unknown>): Promise<unknown> {
  let current = response
  while (!finalStates.includes(valueAt(current, 'properties.provisioningState'))) {
    await sleep(intervalMs)
    current = await read()
  }
  return current
}
