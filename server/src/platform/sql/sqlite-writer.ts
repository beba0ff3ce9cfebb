import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

export type WriterRequest = {
  readonly id: number
  readonly sql: string
  /** Absent for a script, which may hold several statements and gives no rows. */
  readonly parameters?: readonly unknown[]
}

export type WriterReply =
  | { readonly id: number; readonly rows: unknown[]; readonly changes: number }
  | { readonly id: number; readonly error: string }

export type WriterResult = { readonly rows: unknown[]; readonly changes: number }

type Waiter = { readonly resolve: (result: WriterResult) => void; readonly reject: (reason: Error) => void }

/** The writing connection, on a thread of its own. Statements are carried out in the order in which they are sent. */
export class SqliteWriter {
  #worker: Worker
  #waiting = new Map<number, Waiter>()
  #lastId = 0
  #failure: Error | undefined

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (reply: WriterReply | 'closed') => {
      if (reply !== 'closed') this.#settle(reply)
    })
    worker.on('error', (error: Error) => this.#fail(error))
    worker.on('exit', () => this.#fail(new Error('the database is closed')))
  }

  /** Opens the file, which is made where there is none, in write-ahead mode with full synchronisation. */
  static async open(file: string): Promise<SqliteWriter> {
    const worker = new Worker(new URL('sqlite-writer-thread.ts', import.meta.url), { workerData: { file } })
    await once(worker, 'message')
    return new SqliteWriter(worker)
  }

  execute(sql: string, parameters?: readonly unknown[]): Promise<WriterResult> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage(parameters === undefined ? { id, sql } : { id, sql, parameters })
    })
  }

  async close(): Promise<void> {
    if (this.#failure !== undefined) return
    this.#worker.postMessage('close')
    await once(this.#worker, 'exit')
  }

  #settle(reply: WriterReply): void {
    const waiter = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if ('error' in reply) waiter?.reject(new Error(reply.error))
    else waiter?.resolve(reply)
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const waiter of this.#waiting.values()) waiter.reject(error)
    this.#waiting.clear()
  }
}
