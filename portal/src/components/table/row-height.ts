import { useSyncExternalStore } from 'react'

const storageKey = 'acrux-row-height'
const listeners = new Set<() => void>()

/** The heights of rows in rem: 36 and 44 pixels. */
export const rowHeights = { compact: 2.25, roomy: 2.75 } as const

/** A height of rows. */
export type RowHeight = keyof typeof rowHeights

const stored = (): RowHeight => (localStorage.getItem(storageKey) === 'roomy' ? 'roomy' : 'compact')

/** The height of the rows of all tables, which the person chose on this device, and a function that changes it. */
export function useRowHeight(): readonly [RowHeight, (height: RowHeight) => void] {
  const height = useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, stored)
  return [height, chooseRowHeight]
}

function chooseRowHeight(height: RowHeight): void {
  localStorage.setItem(storageKey, height)
  for (const listener of listeners) listener()
}
