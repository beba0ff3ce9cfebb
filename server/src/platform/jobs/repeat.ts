/** Work that is done again and again. */
export type Repetition = {
  /** Ends it, and waits for a run that is under way. */
  readonly stop: () => Promise<void>
}

/**
 * Runs `work` every so many seconds, each run after the end of the one before. It keeps no process alive. What a run
 * throws goes to `onFailure`, and the next run comes in its time.
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
