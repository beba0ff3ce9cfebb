import { Worker } from 'node:worker_threads'

/** A password to be judged, and words that its user may have taken it from. */
export type StrengthQuestion = { readonly id: number; readonly password: string; readonly words: readonly string[] }

/** How many guesses the estimator takes for a password, as a power of ten. */
export type StrengthAnswer = { readonly id: number; readonly guessesLog10: number }

/** The estimator's time grows faster than the length: of a longer password the beginning is judged. In characters. */
const maxJudgedLength = 64
const maxWords = 32

/** A password that takes longer to judge than this is refused. */
const maxJudgementMs = 10_000

/** The dictionaries take some 75 MB of memory: the thread that holds them ends when nobody needed it for so long. */
const idleMs = 60_000

/**
 * Estimates how many guesses a password takes, with dictionaries of common passwords, names and words. It runs on a thread
 * of its own, which is started when it is needed first: neither the start nor other requests wait for it.
 */
export function createStrengthEstimator() {
  const waiting = new Map<number, (guessesLog10: number) => void>()
  let worker: Worker | undefined
  let idle: NodeJS.Timeout | undefined
  let lastId = 0

  function start(): Worker {
    const started = new Worker(new URL('./password-strength-worker.ts', import.meta.url))
    started.on('message', ({ id, guessesLog10 }: StrengthAnswer) => settle(id, guessesLog10))
    started.on('error', () => stop(started))
    started.on('exit', () => stop(started))
    // Last, since a listener holds the process again.
    started.unref()
    return started
  }

  function settle(id: number, guessesLog10: number): void {
    waiting.get(id)?.(guessesLog10)
    waiting.delete(id)
    if (waiting.size > 0) return
    clearTimeout(idle)
    idle = setTimeout(() => worker && stop(worker), idleMs).unref()
  }

  /** Ends the thread. What it had not judged counts as weak. */
  function stop(ended: Worker): void {
    if (worker !== ended) return
    worker = undefined
    void ended.terminate()
    for (const id of waiting.keys()) settle(id, 0)
  }

  /** How many guesses the password takes, as a power of ten; 0 where it could not be judged in time. */
  return (password: string, words: readonly string[]): Promise<number> => {
    const judging = (worker ??= start())
    lastId += 1
    const id = lastId
    const question: StrengthQuestion = {
      id,
      password: Array.from(password).slice(0, maxJudgedLength).join(''),
      words: words.slice(0, maxWords).map((word) => word.slice(0, maxJudgedLength)),
    }
    return new Promise((resolve) => {
      const late = setTimeout(() => stop(judging), maxJudgementMs)
      waiting.set(id, (guessesLog10) => {
        clearTimeout(late)
        resolve(guessesLog10)
      })
      judging.postMessage(question)
    })
  }
}
