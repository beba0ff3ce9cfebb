import { type ContextOptions, createContext } from './context.ts'
import { scrub } from './scrub/scrub.ts'
import { newProgress, type ScrubProgress, type VerifyAudit } from './scrub/scrub-run.ts'

/** The scrub of a stopped server. */
export type StoppedScrubOptions = Pick<
  ContextOptions,
  'database' | 'clock' | 'audit' | 'log' | 'blobs' | 'acceptsSparseImages'
> & {
  readonly repair: boolean
  readonly verifyAudit: VerifyAudit
  /** Is called after each piece of work. */
  readonly onProgress: (progress: ScrubProgress) => void
}

/** Scrubs content that no server uses, as fast as it can be read. */
export async function scrubStopped(options: StoppedScrubOptions): Promise<ScrubProgress> {
  const { repair, verifyAudit, onProgress } = options
  const progress = newProgress()
  const report = () => {
    onProgress(progress)
    return Promise.resolve()
  }
  const run = {
    context: createContext(options),
    repair,
    pace: report,
    signal: new AbortController().signal,
    progress,
    reached: report,
  }
  await scrub(run, { step: 'blobs', place: '' }, verifyAudit)
  onProgress(progress)
  return progress
}
