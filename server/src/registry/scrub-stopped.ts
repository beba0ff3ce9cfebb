import { createBlobParts } from './blobs/create-blob-parts.ts'
import { createParts, type Parts } from './parts.ts'
import { scrub } from './scrub/scrub.ts'
import { newProgress, type ScrubProgress, type VerifyAudit } from './scrub/scrub-run.ts'

/** What a scrub of a stopped server works with. */
export type StoppedScrubOptions = Pick<
  Parts,
  'database' | 'clock' | 'audit' | 'log' | 'blobs' | 'acceptsSparseImages'
> & {
  /** How old a file without a row must be before it is removed. */
  readonly leaseMs: number
  readonly repair: boolean
  readonly verifyAudit: VerifyAudit
  /** Is called after each piece of work. */
  readonly onProgress: (progress: ScrubProgress) => void
}

/** Scrubs content that no server uses, as fast as it can be read. */
export async function scrubStopped(options: StoppedScrubOptions): Promise<ScrubProgress> {
  const { leaseMs, repair, verifyAudit, onProgress } = options
  const parts = createParts(options)
  const progress = newProgress()
  const tell = () => {
    onProgress(progress)
    return Promise.resolve()
  }
  const run = {
    parts,
    blobParts: createBlobParts(parts, { leaseMs }),
    repair,
    isAlone: true,
    pace: tell,
    signal: new AbortController().signal,
    progress,
    reached: tell,
  }
  await scrub(run, { step: 'blobs', place: '' }, verifyAudit)
  onProgress(progress)
  return progress
}
