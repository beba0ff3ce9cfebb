/** Work that runs periodically. */
export type Repetition = {
  /** Starts a run now, unless one is under way. */
  readonly runNow: () => void
  /** Waits for the current run, then runs again, and returns when that run has ended. */
  readonly runAgain: () => Promise<void>
  /** Stops it, and waits for the current run. */
  readonly stop: () => Promise<void>
}

/**
 * Runs `work` periodically, each run after the end of the previous one. It does not keep the process running. Errors go to
 * `onFailure`, and the next run takes place as usual.
 */
export function repeat(
  everySeconds: number,
  work: () => Promise<unknown>,
  onFailure: (error: unknown) => void,
): Repetition {
  let running: Promise<void> | undefined
  const runNow = (): void => {
    running ??= work()
      .then(() => undefined, onFailure)
      .finally(() => {
        running = undefined
      })
  }
  const timer = setInterval(runNow, Math.min(everySeconds * 1000, 2 ** 31 - 1))
  timer.unref()
  return {
    runNow,
    runAgain: async () => {
      await running
      runNow()
      await running
    },
    stop: async () => {
      clearInterval(timer)
      await running
    },
  }
}
