import { BusyError, createFairQueue } from '../../platform/limits/fair-queue.ts'
import { WorkerThread } from '../../platform/process/worker-thread.ts'
import type { StrengthQuestion } from './password-strength-worker.ts'

/**
 * The time of the estimator grows faster than the length of the password, so the server checks only the start of a longer password. The
 * value is a number of characters.
 */
const maxCheckedLength = 64

const maxWords = 32

/**
 * The thread ends if a check takes more processor time than this maximum. The elapsed time is not a suitable measure, because a busy
 * machine would then reject good passwords.
 */
const maxProcessorMs = 10_000

/** The maximum number of checks that wait while a check runs. */
const maxWaiting = 256
const retryAfterSeconds = 5

/** The dictionaries use about 75 MB of memory, so the thread that loaded them ends when it is idle. */
const idleMs = 60_000

/**
 * Creates a function that estimates how many guesses a password takes, as a power of ten, with dictionaries of common passwords, names and
 * words. The function throws BusyError if too many checks wait, or if the check takes too much processor time. The queue alternates between
 * accounts, so many checks for one account delay only this account.
 */
export function createStrengthEstimator(
  worker = new URL('./password-strength-worker.ts', import.meta.url),
  maxMs = maxProcessorMs,
) {
  const thread = new WorkerThread<StrengthQuestion, number>(worker, idleMs)
  const queue = createFairQueue({ concurrency: 1, maxWaiting, retryAfterSeconds })

  async function judge(question: StrengthQuestion): Promise<number> {
    const beganMs = await thread.processorMs()
    const endIfStuck = async () => {
      if ((await thread.processorMs()) - beganMs > maxMs) thread.end()
    }
    const watch = setInterval(() => void endIfStuck(), maxMs / 10)
    try {
      return await thread.ask(question)
    } catch (cause) {
      throw new BusyError(retryAfterSeconds, { cause })
    } finally {
      clearInterval(watch)
    }
  }

  return (password: string, words: readonly string[], account: string): Promise<number> => {
    const question: StrengthQuestion = {
      password: Array.from(password).slice(0, maxCheckedLength).join(''),
      words: words.slice(0, maxWords).map((word) => word.slice(0, maxCheckedLength)),
    }
    return queue.run({ lane: 'ordinary', group: account, block: account }, () => judge(question))
  }
}
