import type { ScrubProgress } from '@acrux/server'

/** Shows the progress of a scrub. */
export type ProgressDisplay = {
  readonly show: (progress: ScrubProgress) => void
  /** Ends the line of the progress bar. */
  readonly end: () => void
}

const drawnEveryMs = 100
const barWidth = 30

/** Shows a progress bar on a terminal, and one line for every 10 % elsewhere. */
export function createProgressDisplay(output: NodeJS.WriteStream): ProgressDisplay {
  return output.isTTY ? createBar(output) : createLines(output)
}

function createBar(output: NodeJS.WriteStream): ProgressDisplay {
  let drawnAtMs = -Infinity
  return {
    show: (progress) => {
      const nowMs = performance.now()
      if (nowMs - drawnAtMs < drawnEveryMs && progress.progress < 1) return
      drawnAtMs = nowMs
      const filled = Math.round(progress.progress * barWidth)
      output.write(`\r\u001B[K[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}] ${lineOf(progress)}`)
    },
    end: () => {
      if (drawnAtMs !== -Infinity) output.write('\n')
    },
  }
}

function createLines(output: NodeJS.WriteStream): ProgressDisplay {
  let shown = -1
  return {
    show: (progress) => {
      const tenth = Math.floor(progress.progress * 10)
      if (tenth <= shown) return
      shown = tenth
      output.write(`${lineOf(progress)}\n`)
    },
    end: () => undefined,
  }
}

function lineOf({ progress, step, counts, findingCount }: ScrubProgress): string {
  const mebibytes = Math.round(counts.bytes / 1024 / 1024)
  return `${Math.floor(progress * 100)} % ${step}: ${counts.blobs} blobs, ${mebibytes} MiB, ${findingCount} problems`
}
