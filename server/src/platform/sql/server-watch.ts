import pg from 'pg'

/** Who is told whether a server responds. */
export type ResponseListener = {
  /** Called when the server has not responded to three requests in a row, and again until it responds. */
  readonly onSilence: () => void
  readonly onResponse: () => void
}

/** How many requests may wait for a response. */
const maxWaiting = 2

/**
 * Counts requests without a response. Requests are counted, and not milliseconds: a process that was suspended has not waited
 * for the server.
 */
export class Silence {
  readonly #listener: ResponseListener
  #waiting = 0

  constructor(listener: ResponseListener) {
    this.#listener = listener
  }

  /** A request is due, whether it can be sent or not. */
  requested(): void {
    this.#waiting += 1
    if (this.#waiting > maxWaiting) this.#listener.onSilence()
  }

  responded(): void {
    this.#waiting = 0
    this.#listener.onResponse()
  }
}

/** Asks a server periodically whether it responds, through a connection of its own. */
export class ServerWatch {
  readonly #config: pg.ClientConfig
  readonly #silence: Silence
  readonly #timer: NodeJS.Timeout
  #client: pg.Client | undefined
  #asking: Promise<void> | undefined

  constructor(config: pg.ClientConfig, everyMs: number, listener: ResponseListener) {
    this.#config = { ...config, connectionTimeoutMillis: 3 * everyMs, query_timeout: 3 * everyMs }
    this.#silence = new Silence(listener)
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
    } catch {
      this.#client?.end().catch(() => undefined)
      this.#client = undefined
    }
  }

  async #connect(): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client
    const client = new pg.Client(this.#config)
    // The next request reports it.
    client.on('error', () => undefined)
    this.#client = client
    await client.connect()
    return client
  }
}
