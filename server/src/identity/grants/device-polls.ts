import { LRUCache } from 'lru-cache'
import { maxEntries } from '../../platform/memory/max-entries.ts'
import { type Clock, isWaiting, machineClockOf } from '../../platform/process/clock.ts'
import { EntraError } from '../tokens/errors.ts'
import { devicePollSeconds } from '../tokens/token-parameters.ts'
import type { Handle } from './handles.ts'

/** How many devices are limited; the one that did not poll for the longest time is dropped. */
const maxDevices = 10_000
const maxIntervalMs = 60_000

/** How far a poll may arrive early: a client's clock and the network are not exact. */
const toleranceMs = 1000

export type DevicePolls = ReturnType<typeof createDevicePolls>

/** Limits how often a device polls the token endpoint. [RFC 8628 §3.5] */
export function createDevicePolls(clock: Clock) {
  const machine = machineClockOf(clock)
  const polls = new LRUCache<string, { nextAtMs: number; intervalMs: number }>(maxEntries(maxDevices))
  return {
    /** Denies a poll that arrives too early, and lengthens the interval of the device by five seconds. @throws EntraError */
    pace: ({ hash }: Handle<'device_code'>): void => {
      const nowMs = machine.now()
      const poll = polls.get(hash)
      if (poll === undefined) {
        polls.set(hash, { nextAtMs: nowMs + devicePollSeconds * 1000, intervalMs: devicePollSeconds * 1000 })
        return
      }
      const isEarly = isWaiting(poll.nextAtMs - toleranceMs, nowMs, maxIntervalMs)
      if (isEarly) poll.intervalMs = Math.min(poll.intervalMs + 5000, maxIntervalMs)
      poll.nextAtMs = nowMs + poll.intervalMs
      if (isEarly) throw new EntraError('slowDown')
    },

    /** Removes a device that does not poll any more. */
    remove: (hash: string): void => void polls.delete(hash),
  }
}
