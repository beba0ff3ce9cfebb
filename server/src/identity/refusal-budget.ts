import type { Clock } from '../platform/clock.ts'

/** So many refusals at once, and so many a second in the long run, are answered in full. */
const burst = 600
const perSecond = 10

/** How many senders are told apart. */
const senderLimit = 10_000

/**
 * Counts refusals by sender. It protects the disk, to which every refusal is written, from a client in a loop; secrets
 * of 256 bits need no protection from guessing. What succeeds is never held up, so nobody can lock anybody out.
 */
export function createRefusalBudget(clock: Clock): { readonly spend: (sender: string) => boolean } {
  const budgets = new Map<string, { tokens: number; atMs: number }>()
  return {
    /** Whether one more refusal of this sender is to be answered and written down in full. */
    spend: (sender) => {
      const nowMs = clock.now()
      const known = budgets.get(sender)
      if (known === undefined) {
        if (budgets.size >= senderLimit) budgets.clear()
        budgets.set(sender, { tokens: burst - 1, atMs: nowMs })
        return true
      }
      known.tokens = Math.min(burst, known.tokens + (Math.max(0, nowMs - known.atMs) / 1000) * perSecond)
      known.atMs = nowMs
      if (known.tokens < 1) return false
      known.tokens -= 1
      return true
    },
  }
}
