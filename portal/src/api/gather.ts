type Waiting<Answer> = {
  readonly path: string
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/** The maximum number of requests in one batch: the limit of ARM and Graph. */
const maxGathered = 20

/**
 * Gathers the reads that begin at the same time, such as those of a view that opens, and sends them together. `sendAll` answers in
 * the order of the paths.
 */
export function createGatherer<Answer>(sendAll: (paths: readonly string[]) => Promise<readonly Answer[]>) {
  let waiting: Waiting<Answer>[] = []

  const sendWaiting = () => {
    const all = waiting
    waiting = []
    for (let start = 0; start < all.length; start += maxGathered) {
      const some = all.slice(start, start + maxGathered)
      sendAll(some.map(({ path }) => path)).then(
        (answers) =>
          some.forEach(({ resolve, reject }, index) => {
            const answer = answers[index]
            if (answer === undefined) reject(new Error('a batch has fewer answers than requests'))
            else resolve(answer)
          }),
        (error: unknown) => some.forEach(({ reject }) => reject(error)),
      )
    }
  }

  return async (path: string, signal: AbortSignal | undefined): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const entry = { path, resolve, reject }
      signal?.addEventListener('abort', () => {
        waiting = waiting.filter((one) => one !== entry)
        reject(signal.reason)
      })
      // Every read that begins before the browser does anything else.
      if (waiting.length === 0) setTimeout(sendWaiting)
      waiting.push(entry)
    })
}
