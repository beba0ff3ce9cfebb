import { Button } from '@fluentui/react-components'
import type { UseInfiniteQueryResult } from '@tanstack/react-query'
import { texts } from '../texts/texts.ts'

type LoadMoreProps = {
  readonly query: Pick<UseInfiniteQueryResult, 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'>
  readonly label?: string
}

/** Loads the next page of a list, if there is one. */
export function LoadMore({ query, label = texts.loadMore }: LoadMoreProps) {
  if (!query.hasNextPage) return null
  return (
    <div>
      <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {label}
      </Button>
    </div>
  )
}
