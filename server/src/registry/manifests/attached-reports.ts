import { setTimeout as delay } from 'node:timers/promises'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import { ManifestInvalidError } from '@acrux/shared/standards/oci/manifest.ts'
import { BlobMissingError } from '../../storage/index.ts'
import {
  type CountedPrincipals,
  type Reading,
  readWaiting,
  recordAttempts,
  recordReading,
  recountReports,
  type WaitingReport,
} from '../attached/attached-report-store.ts'
import { isReportType, maxReportBytes, reportBlobs } from '../attached/find-report.ts'
import { ReportReader } from '../attached/report-reader.ts'
import type { ManifestContext } from './context.ts'
import { readManifest } from './manifest-reader.ts'
import type { ParsedManifest } from './read-here.ts'

/** The number of reports that one statement reads from the queue, and the maximum number of reports that one run reads. */
const readAtOnce = 10
const maxInRun = 200

/** The maximum number of times that a process begins to read a report without a result. Such a report has probably ended the process. */
const maxAttempts = 3

type ReportContext = Pick<ManifestContext, 'database' | 'log' | 'blobs' | 'blobReads' | 'manifests'>

/** Reads attached reports after their push, one report at a time. The database contains the queue of reports. */
export class AttachedReports {
  readonly #context: ReportContext
  readonly #counted: CountedPrincipals
  readonly #reader = new ReportReader()
  #isRecounted = false
  #isClosed = false

  constructor(context: ReportContext, counted: CountedPrincipals) {
    this.#context = context
    this.#counted = counted
  }

  /** Reads reports from the queue. Half of the time is available for other work. */
  async readWaiting(): Promise<void> {
    const { database } = this.#context
    if (!this.#isRecounted) await recountReports(database, this.#counted)
    this.#isRecounted = true
    for (let done = 0; done < maxInRun && !this.#isClosed; done += readAtOnce) {
      const reports = await readWaiting(database, readAtOnce)
      for (const report of reports) {
        if (this.#isClosed) return
        const startedAtMs = performance.now()
        await this.#read(report)
        await delay(Math.min(performance.now() - startedAtMs, 1000), undefined, { ref: false })
      }
      if (reports.length < readAtOnce) return
    }
  }

  close(): void {
    this.#isClosed = true
    this.#reader.close()
  }

  async #read(report: WaitingReport): Promise<void> {
    const { database } = this.#context
    const record = (attempts: number) =>
      database.transaction((transaction) => recordAttempts(transaction, report, attempts))
    await record(report.attempts + 1)
    let reading: Reading
    try {
      reading = await this.#findings(report)
    } catch (error) {
      // The storage or the database is unavailable. The report is not the cause of this failure.
      await record(report.attempts)
      throw error
    }
    if (this.#isClosed) return
    await database.transaction((transaction) => recordReading(transaction, report, reading, this.#counted))
  }

  async #findings(report: WaitingReport): Promise<Reading> {
    const { repository, subject_digest: subject } = report
    if (report.attempts >= maxAttempts) return { unreadable: 'The server stopped while it read the report.' }
    const manifest = await this.#manifestOf(report)
    if (manifest === undefined) return { unreadable: 'The manifest of the report is missing or corrupt.' }
    const named = reportBlobs(manifest)
    const blobs = 'unreadable' in named ? named : await this.#blobsOf(report, named)
    const answer = 'unreadable' in blobs ? blobs : await this.#reader.read({ blobs, subject })
    if ('unreadable' in answer && !this.#isReport(report, manifest)) return { findings: undefined }
    if ('unreadable' in answer) {
      const { unreadable: reason } = answer
      this.#context.log.info({ repository, digest: report.digest, reason }, 'an attached report could not be read')
    }
    return answer
  }

  /** Whether the artifact claims to be a report. If it does, the list of reports states why the server cannot read the report. */
  #isReport({ by_tag }: WaitingReport, { artifactType, layers }: ParsedManifest): boolean {
    return by_tag === 1 || isReportType(artifactType) || layers.some(({ mediaType }) => isReportType(mediaType))
  }

  async #manifestOf({ rid, repository, digest }: WaitingReport): Promise<ParsedManifest | undefined> {
    const row = await this.#context.manifests.getByDigest.first({ rid, repository, digest })
    if (row === undefined || row.quarantined_at_ms !== null) return undefined
    try {
      return await readManifest({ bytes: row.content, contentType: row.media_type })
    } catch (error) {
      if (error instanceof ManifestInvalidError) return undefined
      throw error
    }
  }

  /** Reads the bytes of blobs of the repository. */
  async #blobsOf({ rid, repository }: WaitingReport, digests: readonly Digest[]) {
    const { blobReads, blobs } = this.#context
    const found: { readonly digest: Digest; readonly bytes: Uint8Array }[] = []
    let left = maxReportBytes
    for (const digest of digests) {
      const row = await blobReads.held.first({ rid, repository, digest })
      if (row === undefined) return { unreadable: 'The file of the report is missing.' }
      left -= row.size_bytes
      if (left < 0) return { unreadable: 'The report is larger than 10 MiB.' }
      try {
        found.push({ digest, bytes: Buffer.concat(await (await blobs.read(row.location)).toArray()) })
      } catch (error) {
        if (error instanceof BlobMissingError) return { unreadable: 'The file of the report is missing.' }
        throw error
      }
    }
    return found
  }
}
