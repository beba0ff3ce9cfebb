import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { remPx } from './use-size.ts'

/** A table with at most this many rows shows all of them, so that the browser can find their text. */
export const maxPlainRows = 60
/** How many rows are there above and below the window. */
const overscan = 10

type Wanted = {
  readonly count: number
  readonly rowRem: number
  /** Where the first row is, in pixels from the top of the document. */
  readonly topPx: number
}

/** Which rows are in the document, and the space of the others. */
export type VirtualRows = {
  readonly indexes: readonly number[]
  readonly abovePx: number
  readonly belowPx: number
  /** Measures a row whose height depends on its content. */
  readonly measure: ((row: HTMLElement | null) => void) | undefined
}

/** The rows near the window. Rows further away are not in the document. */
export function useVirtualRows({ count, rowRem, topPx }: Wanted): VirtualRows {
  const isVirtual = count > maxPlainRows
  const virtualizer = useWindowVirtualizer({
    count,
    enabled: isVirtual,
    estimateSize: () => rowRem * remPx(),
    overscan,
    scrollMargin: topPx,
    // React warns about a synchronous change during an effect.
    useFlushSync: false,
  })
  if (!isVirtual)
    return {
      indexes: Array.from({ length: count }, (_none, index) => index),
      abovePx: 0,
      belowPx: 0,
      measure: undefined,
    }
  const items = virtualizer.getVirtualItems()
  // Before the first measurement, no row has a height.
  const totalPx = Math.max(virtualizer.getTotalSize(), count * rowRem * remPx())
  const first = items[0]
  const last = items.at(-1)
  return {
    indexes: items.map(({ index }) => index),
    abovePx: first === undefined ? 0 : first.start - topPx,
    belowPx: totalPx - (last === undefined ? 0 : last.end - topPx),
    measure: virtualizer.measureElement,
  }
}
