import { useEffect, useRef } from 'react'
import { ErrorView } from '../elements/error-view.tsx'
import type { ListQuery } from '../elements/list-query.ts'

/** How far below the window the next page is read. */
const marginPx = 600

/** Reads the next page of a list when the person scrolls near its end. */
export function LoadWhileScrolling({ query }: { readonly query: ListQuery }) {
  const end = useRef<HTMLDivElement>(null)
  const { hasNextPage, isFetchingNextPage, isError, error, fetchNextPage } = query
  const isDue = hasNextPage && !isFetchingNextPage && !isError
  useEffect(() => {
    const place = end.current
    if (!isDue || place === null) return
    // The first rows are measured one frame after they are there. Only then is the end where it stays.
    const readIfNear = () => {
      if (place.getBoundingClientRect().top < innerHeight + marginPx) fetchNextPage()
    }
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) requestAnimationFrame(readIfNear)
      },
      { rootMargin: `${marginPx}px` },
    )
    observer.observe(place)
    return () => observer.disconnect()
  }, [isDue, fetchNextPage])
  if (isError) return <ErrorView error={error} onRetry={() => void fetchNextPage()} />
  return <div ref={end} />
}
