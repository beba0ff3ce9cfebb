import pg from 'pg'

/** An object, such as a pool, that is used only while its server responds. */
type Dependent = { setReachable(isReachable: boolean): void }

/** The maximum number of requests that may wait for a response. */
const maxWaiting = 2

/**
 * Notifies the pools of a server when the server does not respond to three requests in a row, and when it responds
 * again. This class counts requests and not milliseconds, because a process that was suspended has not waited for the
 * server.
 */
export class Silence {
  readonly #dependents: Dependent[] = []
  #waiting = 0

  add(dependent: Dependent): void {
    this.#dependents.push(dependent)
  }

  /** Call this method when a request is due, even if the request cannot be sent. */
  requested(): void {
    this.#waiting += 1
    if (this.#waiting > maxWaiting) for (const each of this.#dependents) each.setReachable(false)
  }

  /** Call this method when the server has responded to a request, on any connection. */
  responded(): void {
    if (this.#waiting > maxWaiting) for (const each of this.#dependents) each.setReachable(true)
    this.#waiting = 0
  }
}

/**
 * Checks periodically whether a server responds, through a separate connection. The check writes no data, because a
 * server with a full disk or an unavailable standby still answers reads.
 */
export class ServerWatch {
  readonly #config: pg.ClientConfig
  readonly #silence: Silence
  readonly #timer: NodeJS.Timeout
  #client: pg.Client | undefined
  #asking: Promise<void> | undefined

  constructor(config: pg.ClientConfig, everyMs: number, silence: Silence) {
    this.#config = { ...config, connectionTimeoutMillis: 3 * everyMs, query_timeout: 3 * everyMs }
    this.#silence = silence
    this.#timer = setInterval(() => {
      this.#silence.requested()
      this.#asking ??= this.#ask().finally(() => (this.#asking = undefined))
    }, everyMs).unref()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#asking
    await this.#client?.end()
  }

  async #ask(): Promise<void> {
    try {
      await (await this.#connect()).query('select 1')
      this.#silence.responded()
    } catch (error) {
      if (error instanceof pg.DatabaseError) this.#silence.responded()
      this.#client?.end().catch(() => undefined)
      this.#client = undefined
    }
  }

  async #connect(): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client
    const client = new pg.Client(this.#config)
    // The next request reports the error.
    client.on('error', () => undefined)
    this.#client = client
    await client.connect()
    return client
  }
}
