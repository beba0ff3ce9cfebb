import { type RefObject, useLayoutEffect, useState } from 'react'

/** The pixels of a rem, which grows with the text of the browser. */
export const remPx = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16

/** The width of an element in rem, and its place from the top of the document in pixels. */
type Size = { readonly widthRem: number | undefined; readonly topPx: number }

/** Measures an element while it is there, again when its size changes. The width is `undefined` before the element is there. */
export function useSize(place: RefObject<HTMLElement | null>, isThere: boolean): Size {
  const [size, setSize] = useState<Size>({ widthRem: undefined, topPx: 0 })
  useLayoutEffect(() => {
    const element = place.current
    if (element === null) return
    const measure = () => {
      const { width, top } = element.getBoundingClientRect()
      const next = { widthRem: width / remPx(), topPx: Math.round(top + scrollY) }
      setSize((before) => (before.widthRem === next.widthRem && before.topPx === next.topPx ? before : next))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    // What is above the table changes the place of the table, and the height of the page.
    observer.observe(document.body)
    return () => observer.disconnect()
  }, [place, isThere])
  return size
}
