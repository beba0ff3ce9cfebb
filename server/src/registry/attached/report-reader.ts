import { WorkerThread } from '../../platform/process/worker-thread.ts'
import { readBlobs, type ReportAnswer, type ReportQuestion } from './read-blobs.ts'

/**
 * The maximum size of a report that the main thread reads. The main thread reads a SARIF log of this size in 1 ms, and the first log in 10
 * ms.
 */
const smallBytes = 64 * 1024

const idleMs = 10_000

/** The maximum time for reading a report. */
const maxReadMs = 30_000

/** Reads attached artifacts. A separate thread reads large artifacts. This thread is stopped if it takes too long. */
export class ReportReader {
  readonly #thread = new WorkerThread<ReportQuestion, ReportAnswer>(
    new URL('./report-reader-worker.ts', import.meta.url),
    idleMs,
  )

  /** Reads one artifact at a time. The caller waits for the result before it requests the next artifact. */
  async read(question: ReportQuestion): Promise<ReportAnswer> {
    const bytes = question.blobs.reduce((sum, blob) => sum + blob.bytes.byteLength, 0)
    if (bytes <= smallBytes) return readBlobs(question)
    const timeout = setTimeout(() => this.#thread.end(), maxReadMs)
    try {
      return await this.#thread.ask(question)
    } catch {
      // The thread exceeded its limit of memory or time.
      return { unreadable: 'Reading the report takes too much memory or time.' }
    } finally {
      clearTimeout(timeout)
    }
  }

  close(): void {
    this.#thread.end()
  }
}
