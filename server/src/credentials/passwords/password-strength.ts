import { WorkerThread } from '../../platform/process/worker-thread.ts'
import type { StrengthQuestion } from './password-strength-worker.ts'

/** The estimator's time grows faster than the length, so only the start of a longer password is judged. In characters. */
const maxJudgedLength = 64

const maxWords = 32

/** A password that takes longer to judge is rejected. */
const maxJudgementMs = 10_000

/** The dictionaries use about 75 MB of memory, so the thread that holds them ends when it is idle. */
const idleMs = 60_000

/**
 * Creates a function that estimates how many guesses a password takes, with dictionaries of common passwords, names and
 * words. It returns a power of ten, or 0 if the password could not be judged in time.
 */
export function createStrengthEstimator() {
  const worker = new URL('./password-strength-worker.ts', import.meta.url)
  const thread = new WorkerThread<StrengthQuestion, number>(worker, idleMs)

  return async (password: string, words: readonly string[]): Promise<number> => {
    const late = setTimeout(() => thread.end(), maxJudgementMs)
    const question: StrengthQuestion = {
      password: Array.from(password).slice(0, maxJudgedLength).join(''),
      words: words.slice(0, maxWords).map((word) => word.slice(0, maxJudgedLength)),
    }
    try {
      return await thread.ask(question)
    } catch {
      return 0
    } finally {
      clearTimeout(late)
    }
  }
}
