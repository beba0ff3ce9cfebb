import type { Log } from '../log/log.ts'
import { type KeyPair, readPair, type UsablePair } from './key-pair.ts'
import { watchFiles } from './watch-files.ts'

export type WatchedPairOptions = {
  readonly certFile: string
  readonly keyFile: string
  readonly log: Log
  readonly checkEverySeconds: number
  /** What else has to be seen to at each look; when it throws, that is logged. */
  readonly check: (pair: UsablePair) => Promise<void> | void
}

/**
 * A certificate and key that are read again when their files change, and every so often in any case. Files that do not
 * make a pair, such as when only one of the two is written yet, are logged once and the pair in use stays.
 */
export class WatchedPair {
  readonly #options: WatchedPairOptions
  readonly #callbacks = new Set<(pair: KeyPair) => void>()
  readonly #stop: () => void
  #pair: UsablePair
  #work: Promise<unknown> = Promise.resolve()
  #lastProblem = ''
  #closed = false

  constructor(pair: UsablePair, options: WatchedPairOptions) {
    this.#pair = pair
    this.#options = options
    const look = () => void this.#attempt(() => this.#look())
    const watcher = watchFiles([options.certFile, options.keyFile], look)
    const timer = setInterval(look, options.checkEverySeconds * 1000).unref()
    this.#stop = () => {
      watcher.close()
      clearInterval(timer)
    }
    void this.#attempt(async () => options.check(pair))
  }

  get pair(): UsablePair {
    return this.#pair
  }

  /** Puts another pair in the place of the one in use. */
  replace(pair: UsablePair): void {
    if (pair.cert === this.#pair.cert && pair.key === this.#pair.key) return
    this.#pair = pair
    const { subjectAltName, validToDate } = pair.leaf
    this.#options.log.info({ certFile: this.#options.certFile, subjectAltName, validToDate }, 'certificate reloaded')
    for (const callback of this.#callbacks) callback({ cert: pair.cert, key: pair.key })
  }

  /** Calls back with each pair that takes the place of another, until the function that is returned is called. */
  onChange(callback: (pair: KeyPair) => void): () => void {
    this.#callbacks.add(callback)
    return () => void this.#callbacks.delete(callback)
  }

  /** Does one thing after the other, so that no two write, or read what is half written. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#work.then(work)
    this.#work = result.catch(() => undefined)
    return result
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#stop()
    await this.#work
  }

  async #look(): Promise<void> {
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
