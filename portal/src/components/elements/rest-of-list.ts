import { useEffect } from 'react'
import type { ListQuery } from './list-query.ts'

type Pages = Pick<ListQuery, 'hasNextPage' | 'isFetchingNextPage' | 'isError' | 'fetchNextPage'>

/** Loads all pages of a list while something is searched in it. Returns whether it is still loading them. */
export function useRestOfList(list: Pages, isNeeded: boolean): boolean {
  const { hasNextPage, isFetchingNextPage, isError, fetchNextPage } = list
  const isDue = isNeeded && hasNextPage && !isError
  useEffect(() => {
    if (isDue && !isFetchingNextPage) void fetchNextPage()
  }, [isDue, isFetchingNextPage, fetchNextPage])
  return isDue
}
