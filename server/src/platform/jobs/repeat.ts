/** Work that runs periodically. */
export type Repetition = {
  /** Starts a run now, unless a run is in progress. */
  readonly runNow: () => void
  /** Waits for the current run, then runs again, and returns when the second run has ended. */
  readonly runAgain: () => Promise<void>
  /** Stops the periodic work, and waits for the current run. */
  readonly stop: () => Promise<void>
}

/**
 * Runs `work` periodically. Each run starts after the end of the previous run. The timer does not keep the process
 * running. If a run fails, `onFailure` is called with the error, and the next run takes place as usual.
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
