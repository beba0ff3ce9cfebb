import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { sqliteFailure } from '../process/outage.ts'
import { startPackagedThread } from '../process/packaged-file.ts'

/**
 * A command for the writing connection. A command within a transaction fails if no transaction is open. A command can
 * therefore be sent before the result of the previous command arrives.
 */
export type WriterCommand =
  | { readonly kind: 'begin' | 'commit' | 'rollback' }
  | { readonly kind: 'open-savepoint' | 'keep-savepoint' | 'roll-back-savepoint' }
  | { readonly kind: 'statement'; readonly sql: string; readonly parameters: readonly unknown[] }
  /** Executes the statement once for each row, atomically in a savepoint. */
  | { readonly kind: 'rows'; readonly sql: string; readonly rows: readonly (readonly unknown[])[] }

export type WriterResult = { readonly rows: unknown[]; readonly changes: number }

/**
 * The reason why a command failed. `code` is the code of SQLite, if SQLite failed. The failure is not an Error object,
 * because errors lose their properties between threads.
 */
export type WriterFailure = { readonly message: string; readonly code: number | undefined }

/** The outcome of a command: a failure, the result of a statement, or undefined. */
export type WriterReply = WriterResult | WriterFailure | undefined

type Waiter = { readonly resolve: (result: WriterResult) => void; readonly reject: (reason: Error) => void }

const nothing: WriterResult = { rows: [], changes: 0 }

/**
 * The writing connection, which runs on a separate thread. Commands are executed in order. The commands of one turn of
 * the event loop are sent in one message, because waking the thread takes longer than most statements.
 */
export class SqliteWriter {
  #worker: Worker
  #unsent: WriterCommand[] = []
  /** The waiters of all commands in order, including commands that are not sent yet. */
  #waiting: Waiter[] = []
  #failure: Error | undefined

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (replies: readonly WriterReply[] | 'closed') => {
      if (replies !== 'closed') this.#settle(replies)
    })
    worker.on('error', (error: Error) => this.#fail(error))
    worker.on('exit', () => this.#fail(new Error('the database is closed')))
  }

  /** Opens or creates the file, in write-ahead mode with full synchronization. */
  static async open(file: string): Promise<SqliteWriter> {
    const worker = startPackagedThread(new URL('sqlite-writer-thread.ts', import.meta.url), { workerData: { file } })
    await once(worker, 'message')
    return new SqliteWriter(worker)
  }

  /** Whether the thread is running. The thread is never restarted. */
  get isRunning(): boolean {
    return this.#failure === undefined
  }

  execute(command: WriterCommand): Promise<WriterResult> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#unsent.length === 0) {
      // The commands are sent after all microtasks, because the continuation of a statement often adds the next
      // statement.
      queueMicrotask(() => process.nextTick(() => this.#send()))
    }
    this.#unsent.push(command)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
  }

  async close(): Promise<void> {
    if (this.#failure !== undefined) return
    this.#send()
    this.#worker.postMessage('close')
    await once(this.#worker, 'exit')
  }

  #send(): void {
    if (this.#unsent.length === 0) return
    const commands = this.#unsent
    this.#unsent = []
    this.#worker.postMessage(commands)
  }

  #settle(replies: readonly WriterReply[]): void {
    const waiters = this.#waiting.splice(0, replies.length)
    for (const [index, waiter] of waiters.entries()) {
      const reply = replies[index]
      if (reply !== undefined && 'message' in reply) waiter.reject(toError(reply))
      else waiter.resolve(reply ?? nothing)
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#unsent = []
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error)
  }
}

function toError({ message, code }: WriterFailure): Error {
  return sqliteFailure(Object.assign(new Error(message), code !== undefined && { errcode: code }))
}
