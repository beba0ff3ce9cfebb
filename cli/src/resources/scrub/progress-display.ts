import type { ScrubProgress } from '@acrux/server'
import { createProgressBar, createProgressLines, sizeText } from '../../framework/terminal/progress-bar.ts'

/** Shows the progress of a scrub. */
export type ProgressDisplay = {
  readonly show: (progress: ScrubProgress) => void
  /** Removes the progress bar. */
  readonly end: () => void
}

/** Shows a progress bar on a terminal, and one line for every 10 % elsewhere. */
export function createProgressDisplay(output: NodeJS.WriteStream): ProgressDisplay {
  const bar = output.isTTY ? createProgressBar(output) : createProgressLines(output)
  return { show: (scrub) => bar.show(scrub.progress, textOf(scrub)), end: bar.end }
}

function textOf({ step, counts, findingCount }: ScrubProgress): string {
  return `${step}: ${counts.blobs} blobs, ${sizeText(counts.bytes)}, ${findingCount} problems`
}
