import { getPriority, setPriority } from 'node:os'
import { type Worker, parentPort } from 'node:worker_threads'
import { startPackagedThread } from './packaged-file.ts'

type Reply<Answer> = { readonly answer: Answer } | { readonly error: string }

/**
 * Limits of the heap of a thread. By default, garbage would accumulate first: reading manifests of 4 MiB used 100 MB
 * more.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 128 }

/**
 * A thread for work that would block the main thread. It starts with the first request, and ends after some idle
 * time.
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

  /** Questions are answered in order. Rejects with the error of the work, or if the thread ends before it has answered. */
  ask(question: Question): Promise<Answer> {
    const worker = (this.#worker ??= this.#start())
    clearTimeout(this.#idle)
    const waiter = Promise.withResolvers<Answer>()
    // First, since a question that cannot be cloned throws.
    worker.postMessage(question)
    worker.ref()
    this.#waiting.push(waiter)
    return waiter.promise
  }

  /** The processor time that the thread has used, in milliseconds; 0 without a thread. */
  async processorMs(): Promise<number> {
    try {
      const { user = 0, system = 0 } = (await this.#worker?.cpuUsage()) ?? {}
      return (user + system) / 1000
    } catch {
      // It has just ended, or has not started yet.
      return 0
    }
  }

  /** Ends the thread. Requests without a response are rejected, and the next request starts a new thread. */
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
 * Responds to the requests of {@link WorkerThread}; called by the module that the thread runs. The thread has a low
 * priority: where it shares a core with the main thread, requests of others run first. Not the lowest: on a busy machine,
 * a sign-in by password would wait for seconds.
 */
export function answerQuestions(answer: (question: never) => unknown): void {
  // On Linux, 0 is the calling thread alone.
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
