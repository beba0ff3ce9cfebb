import { Text } from '@fluentui/react-components'
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import type { EventPage } from '../../api/audit.ts'
import { LoadMore } from '../../components/elements/load-more.tsx'
import { operationsTexts } from '../../components/texts/operations.ts'

const view = operationsTexts

/** Searches older events. A page examines a limited part of the log: it can be empty although older events match. */
export function Older({ query }: { readonly query: UseInfiniteQueryResult<InfiniteData<EventPage>> }) {
  const isEmpty = query.data?.pages.every(({ events }) => events.length === 0)
  return (
    <>
      {query.hasNextPage && isEmpty && <Text>{view.shortPage}</Text>}
      <LoadMore query={query} label={view.older} />
    </>
  )
}
