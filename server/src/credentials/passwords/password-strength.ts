import { BusyError } from '../../platform/limits/fair-queue.ts'
import { WorkerThread } from '../../platform/process/worker-thread.ts'
import type { StrengthQuestion } from './password-strength-worker.ts'

/** The estimator's time grows faster than the length, so only the start of a longer password is checked. In characters. */
const maxCheckedLength = 64

const maxWords = 32

/** The thread ends when a check takes longer, including the wait. */
const maxJudgementMs = 10_000
const retryAfterSeconds = 5

/** The dictionaries use about 75 MB of memory, so the thread that holds them ends when it is idle. */
const idleMs = 60_000

/**
 * Creates a function that estimates how many guesses a password takes, as a power of ten, with dictionaries of common
 * passwords, names and words. It throws BusyError if the password could not be checked in time: the machine is busy, and the
 * password may be a good one.
 */
export function createStrengthEstimator(worker = new URL('./password-strength-worker.ts', import.meta.url)) {
  const thread = new WorkerThread<StrengthQuestion, number>(worker, idleMs)

  return async (password: string, words: readonly string[]): Promise<number> => {
    const late = setTimeout(() => thread.end(), maxJudgementMs)
    const question: StrengthQuestion = {
      password: Array.from(password).slice(0, maxCheckedLength).join(''),
      words: words.slice(0, maxWords).map((word) => word.slice(0, maxCheckedLength)),
    }
    try {
      return await thread.ask(question)
    } catch (cause) {
      throw new BusyError(retryAfterSeconds, { cause })
    } finally {
      clearTimeout(late)
    }
  }
}
