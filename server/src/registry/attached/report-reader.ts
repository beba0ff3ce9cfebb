import { WorkerThread } from '../../platform/process/worker-thread.ts'
import { readBlobs, type ReportAnswer, type ReportQuestion } from './read-blobs.ts'

/** The main thread reads a SARIF log of this size in a millisecond, and the first one in ten. */
const smallBytes = 64 * 1024

const idleMs = 10_000

/** How long reading a report may take. */
const maxReadMs = 30_000

/** Reads attached artifacts; large ones on another thread, which ends if it takes too long. */
export class ReportReader {
  readonly #thread = new WorkerThread<ReportQuestion, ReportAnswer>(
    new URL('./report-reader-worker.ts', import.meta.url),
    idleMs,
  )

  /** Reads one artifact at a time: the caller waits before it asks again. */
  async read(question: ReportQuestion): Promise<ReportAnswer> {
    const bytes = question.blobs.reduce((sum, blob) => sum + blob.bytes.byteLength, 0)
    if (bytes <= smallBytes) return readBlobs(question)
    const timeout = setTimeout(() => this.#thread.end(), maxReadMs)
    try {
      return await this.#thread.ask(question)
    } catch {
      // The thread has reached its limit of memory or time.
      return { unreadable: 'Reading the report takes too much memory or time.' }
    } finally {
      clearTimeout(timeout)
    }
  }

  close(): void {
    this.#thread.end()
  }
}
