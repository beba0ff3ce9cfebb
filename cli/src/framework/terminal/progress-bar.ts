import { terminalLine } from './terminal-text.ts'

/** Shows the progress of a long operation in one line of a terminal. */
export type ProgressBar = {
  /** `share` is between 0 and 1. Calls are throttled. */
  readonly show: (share: number, text: string) => void
  /** Removes the line. */
  readonly end: () => void
}

const redrawIntervalMs = 100
const barWidth = 30

/** Creates a progress bar. It shows nothing if the output is not a terminal. */
export function createProgressBar(output: NodeJS.WriteStream): ProgressBar {
  if (!output.isTTY) return { show: () => undefined, end: () => undefined }
  let drawnAtMs = -Infinity
  return {
    show: (share, text) => {
      const nowMs = performance.now()
      if (nowMs - drawnAtMs < redrawIntervalMs) return
      drawnAtMs = nowMs
      const filled = '#'.repeat(Math.round(share * barWidth))
      output.write(`\r[${filled.padEnd(barWidth, '.')}] ${percentOf(share).padStart(5)} ${terminalLine(text)}\u001B[K`)
    },
    end: () => {
      if (drawnAtMs !== -Infinity) output.write('\r\u001B[K')
    },
  }
}

/** Writes one line for every 10 %, for an output that is not a terminal. */
export function createProgressLines(output: NodeJS.WritableStream): ProgressBar {
  let shown = -1
  return {
    show: (share, text) => {
      const tenth = Math.floor(share * 10)
      if (tenth === shown) return
      shown = tenth
      output.write(`${percentOf(share)} ${terminalLine(text)}\n`)
    },
    end: () => undefined,
  }
}

/** A share as a percentage. */
export function percentOf(share: number): string {
  return `${Math.floor(share * 100)} %`
}
