import { createSemaphore } from '../limits/semaphore.ts'
import type { Log } from '../log/log.ts'
import { type KeyPair, readPair, type UsablePair } from './key-pair.ts'
import { watchFiles } from './watch-files.ts'

export type WatchedPairOptions = {
  readonly certFile: string
  readonly keyFile: string
  readonly log: Log
  readonly checkEverySeconds: number
  /** A function that is called at each check of the files. Its errors are logged. */
  readonly check: (pair: UsablePair) => Promise<void>
}

/**
 * A certificate and key that are reloaded periodically, and when their files change. If the files do not match, for
 * example because only one file is written yet, the problem is logged once. The current pair stays in use.
 */
export class WatchedPair {
  readonly #options: WatchedPairOptions
  readonly #callbacks = new Set<(pair: KeyPair) => void>()
  readonly #stop: () => void
  #pair: UsablePair
  #lastProblem = ''
  #closed = false

  constructor(pair: UsablePair, options: WatchedPairOptions) {
    this.#pair = pair
    this.#options = options
    const check = () => void this.#attempt(() => this.#check())
    const watcher = watchFiles([options.certFile, options.keyFile], check)
    const timer = setInterval(check, options.checkEverySeconds * 1000).unref()
    this.#stop = () => {
      watcher.close()
      clearInterval(timer)
    }
    void this.#attempt(async () => options.check(pair))
  }

  get pair(): UsablePair {
    return this.#pair
  }

  /** Replaces the current pair. */
  replace(pair: UsablePair): void {
    if (pair.cert === this.#pair.cert && pair.key === this.#pair.key) return
    this.#pair = pair
    const { subjectAltName, validToDate } = pair.leaf
    this.#options.log.info({ certFile: this.#options.certFile, subjectAltName, validToDate }, 'certificate reloaded')
    for (const callback of this.#callbacks) callback({ cert: pair.cert, key: pair.key })
  }

  /** Calls `callback` with each new pair, until the returned function is called. */
  onChange(callback: (pair: KeyPair) => void): () => void {
    this.#callbacks.add(callback)
    return () => void this.#callbacks.delete(callback)
  }

  /** Runs one piece of work at a time. Concurrent writes, and reads of a partial write, are therefore not possible. */
  readonly inTurn = createSemaphore(1)

  async close(): Promise<void> {
    this.#closed = true
    this.#stop()
    await this.inTurn(() => Promise.resolve())
  }

  async #check(): Promise<void> {
    this.replace(await readPair(this.#options.certFile, this.#options.keyFile))
    await this.#options.check(this.#pair)
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await this.inTurn(async () => (this.#closed ? undefined : work()))
      this.#lastProblem = ''
    } catch (error) {
      const problem = String(error)
      if (problem === this.#lastProblem) return
      this.#lastProblem = problem
      this.#options.log.warn(
        { err: error, certFile: this.#options.certFile },
        'failed to reload or renew the certificate',
      )
    }
  }
}
