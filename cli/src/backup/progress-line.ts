import type { OnProgress } from '@acrux/server'

const everyMs = 200

/** Shows the progress of a long operation in one line of the terminal. Shows nothing if stderr is not a terminal. */
export function createProgressLine(): { readonly show: OnProgress; readonly clear: () => void } {
  const { stderr } = process
  if (!stderr.isTTY) return { show: () => undefined, clear: () => undefined }
  let shownAtMs = 0
  return {
    show: ({ step, doneBytes, totalBytes }) => {
      const nowMs = performance.now()
      if (nowMs - shownAtMs < everyMs) return
      shownAtMs = nowMs
      const share = totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes)
      const bar = '#'.repeat(Math.round(share * 30)).padEnd(30, '.')
      const percent = String(Math.floor(share * 100)).padStart(3)
      stderr.write(
        `\r${step.padEnd(8)} [${bar}] ${percent} %  ${sizeText(doneBytes)} of ${sizeText(totalBytes)}\u001b[K`,
      )
    },
    clear: () => void stderr.write('\r\u001b[K'),
  }
}

/** A size in a readable unit. */
export function sizeText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)))
  const value = bytes / 1024 ** power
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`
}
