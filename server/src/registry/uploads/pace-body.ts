import type { Socket } from 'node:net'
import type { CallerBudget } from '../../platform/limits/caller-budget.ts'

/** The approximate processor time of receiving, decrypting and hashing one MiB, in milliseconds. */
const msPerMiB = 4

/**
 * Waits until the budget of the sender covers a piece of its body, or the connection is closed: a client that continues its
 * upload on another connection must not find that this request is still writing.
 */
export async function paceBody(budget: Pick<CallerBudget, 'pace'>, socket: Socket, sizeBytes: number): Promise<void> {
  const covered = budget.pace((sizeBytes / 1024 / 1024) * msPerMiB)
  if (socket.destroyed) return
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  socket.once('close', resolve)
  try {
    await Promise.race([covered, closed])
  } finally {
    socket.off('close', resolve)
  }
}
