import { getPriority, setPriority } from 'node:os'
import { type Worker, parentPort } from 'node:worker_threads'
import { startPackagedThread } from './packaged-file.ts'

type Reply<Answer> = { readonly answer: Answer } | { readonly error: string }

/**
 * The limits of a thread's heap. By default, a thread would collect garbage late: reading manifests of 4 MiB used 100
 * MB more memory.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 128 }

/**
 * A thread for work that would block the main thread. The thread starts with the first question, and ends after some
 * idle time.
 */
export class WorkerThread<Question, Answer> {
  readonly #file: URL
  readonly #idleMs: number
  #worker: Worker | undefined
  #idle: NodeJS.Timeout | undefined
  #waiting: PromiseWithResolvers<Answer>[] = []

  /** @param file a module that calls {@link answerQuestions} */
  constructor(file: URL, idleMs: number) {
    this.#file = file
    this.#idleMs = idleMs
  }

  /**
   * Sends a question to the thread and returns the answer. Questions are answered in order. The promise is rejected
   * with the error of the work, or if the thread ends before it has answered.
   */
  ask(question: Question): Promise<Answer> {
    const worker = (this.#worker ??= this.#start())
    clearTimeout(this.#idle)
    const waiter = Promise.withResolvers<Answer>()
    // The message is sent first, because a question that cannot be cloned causes an error.
    worker.postMessage(question)
    worker.ref()
    this.#waiting.push(waiter)
    return waiter.promise
  }

  /** The processor time in milliseconds that the thread has used. The value is 0 if there is no thread. */
  async processorMs(): Promise<number> {
    try {
      const { user = 0, system = 0 } = (await this.#worker?.cpuUsage()) ?? {}
      return (user + system) / 1000
    } catch {
      // The thread has just ended, or has not started yet.
      return 0
    }
  }

  /** Ends the thread. Unanswered questions are rejected, and the next question starts a new thread. */
  end(): void {
    const worker = this.#worker
    this.#worker = undefined
    void worker?.terminate()
    clearTimeout(this.#idle)
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the thread ended'))
  }

  #start(): Worker {
    const started = startPackagedThread(this.#file, { resourceLimits })
    const endThis = () => {
      if (this.#worker === started) this.end()
    }
    started.on('message', (reply: Reply<Answer>) => {
      if (this.#worker === started) this.#settle(started, reply)
    })
    started.on('error', endThis)
    started.on('exit', endThis)
    return started
  }

  #settle(worker: Worker, reply: Reply<Answer>): void {
    const waiter = this.#waiting.shift()
    if ('error' in reply) waiter?.reject(new Error(reply.error))
    else waiter?.resolve(reply.answer)
    if (this.#waiting.length > 0) return
    worker.unref()
    this.#idle = setTimeout(() => this.end(), this.#idleMs).unref()
  }
}

/**
 * Answers the questions of {@link WorkerThread}. The module of the thread calls this function. The thread has a low
 * priority, so that requests of other callers run first if the thread shares a core with the main thread. The priority
 * is not the lowest, because a sign-in with a password would then take seconds on a busy machine.
 */
export function answerQuestions(answer: (question: never) => unknown): void {
  // On Linux, the id 0 means only the calling thread.
  if (process.platform === 'linux') setPriority(0, Math.max(getPriority(0), 10))
  parentPort?.on('message', (question: unknown) => {
    let reply: Reply<unknown>
    try {
      reply = { answer: answer(question as never) }
    } catch (error) {
      reply = { error: String(error) }
    }
    parentPort?.postMessage(reply)
  })
}
