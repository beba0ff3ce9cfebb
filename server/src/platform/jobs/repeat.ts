/** Work that runs periodically. */
export type Repetition = {
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
  const timer = setInterval(
    () => {
      running ??= work()
        .then(() => undefined, onFailure)
        .finally(() => {
          running = undefined
        })
    },
    Math.min(everySeconds * 1000, 2 ** 31 - 1),
  )
  timer.unref()
  return {
    stop: async () => {
      clearInterval(timer)
      await running
    },
  }
}
