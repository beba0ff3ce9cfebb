import { useEffect, useRef } from 'react'
import { ErrorView } from '../elements/error-view.tsx'
import type { ListQuery } from '../elements/list-query.ts'

/** How far below the window the next page is read. */
const margin = '600px'

/** Reads the next page of a list when the person scrolls near its end. */
export function LoadWhileScrolling({ query }: { readonly query: ListQuery }) {
  const end = useRef<HTMLDivElement>(null)
  const { hasNextPage, isFetchingNextPage, isError, error, fetchNextPage } = query
  const isDue = hasNextPage && !isFetchingNextPage && !isError
  useEffect(() => {
    if (!isDue || end.current === null) return
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) fetchNextPage()
      },
      { rootMargin: margin },
    )
    observer.observe(end.current)
    return () => observer.disconnect()
  }, [isDue, fetchNextPage])
  if (isError) return <ErrorView error={error} onRetry={() => void fetchNextPage()} />
  return <div ref={end} />
}
