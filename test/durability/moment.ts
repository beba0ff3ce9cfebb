import { setTimeout as sleep } from 'node:timers/promises'
import type { PusherEvent } from './pusher.ts'
import type { Random } from './random.ts'

/** A random moment: some time after the beginning, or after some number of requests or responses. */
export type Moment = { afterMs: number } | { event: PusherEvent; count: number; delayMs: number }

/** That number may never be reached, and a busy machine takes longer. */
const longestMs = 5_000

/** The kinds of moments. */
const kinds = [
  'time',
  'manifest asked',
  'manifest acknowledged',
  'blob asked',
  'blob acknowledged',
  'chunk asked',
] as const

/** Picks a moment. */
export function someMoment(random: Random): Moment {
  return momentOf(random.chance(0.4) ? 0 : random.integer(1, kinds.length - 1), random)
}

/** Picks the moment of a round. Each kind comes in turn. */
export function momentOf(round: number, random: Random): Moment {
  const event = kinds[round % kinds.length]
  if (event === undefined || event === 'time') return { afterMs: random.integer(20, 400) }
  return { event, count: random.integer(1, 25), delayMs: random.chance(0.5) ? 0 : random.integer(1, 6) }
}

/** Counts events from now on. `reached` ends at the moment. */
export function watchMoment(moment: Moment): {
  readonly onEvent: (event: PusherEvent) => void
  readonly reached: () => Promise<void>
} {
  if ('afterMs' in moment) return { onEvent: () => undefined, reached: () => sleep(moment.afterMs) }
  const now = Promise.withResolvers<number>()
  let left = moment.count
  return {
    onEvent: (event) => {
      if (event === moment.event && (left -= 1) === 0) now.resolve(moment.delayMs)
    },
    reached: async () => {
      const delayMs = await Promise.race([now.promise, sleep(longestMs, 0)])
      if (delayMs > 0) await sleep(delayMs)
    },
  }
}
