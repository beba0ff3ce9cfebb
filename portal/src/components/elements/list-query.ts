/** A list that is read, perhaps page by page. */
export type ListQuery = {
  readonly hasNextPage: boolean
  readonly isFetchingNextPage: boolean
  readonly isError: boolean
  readonly error: Error | null
  readonly dataUpdatedAt: number
  readonly fetchNextPage: () => unknown
  readonly refetch: () => unknown
}
