import type { ScrubProgress } from '@acrux/server'
import { createProgressBar, percentOf, sizeText } from '../progress-bar.ts'

/** Shows the progress of a scrub. */
export type ProgressDisplay = {
  readonly show: (progress: ScrubProgress) => void
  /** Removes the progress bar. */
  readonly end: () => void
}

/** Shows a progress bar on a terminal, and one line for every 10 % elsewhere. */
export function createProgressDisplay(output: NodeJS.WriteStream): ProgressDisplay {
  if (!output.isTTY) return createLines(output)
  const bar = createProgressBar(output)
  return { show: (scrub) => bar.show(scrub.progress, textOf(scrub)), end: bar.end }
}

function createLines(output: NodeJS.WriteStream): ProgressDisplay {
  let shown = -1
  return {
    show: (scrub) => {
      const tenth = Math.floor(scrub.progress * 10)
      if (tenth <= shown) return
      shown = tenth
      output.write(`${percentOf(scrub.progress)} ${textOf(scrub)}\n`)
    },
    end: () => undefined,
  }
}

function textOf({ step, counts, findingCount }: ScrubProgress): string {
  return `${step}: ${counts.blobs} blobs, ${sizeText(counts.bytes)}, ${findingCount} problems`
}
