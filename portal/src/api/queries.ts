import {
  type QueryKey,
  type UseQueryOptions,
  type UseQueryResult,
  keepPreviousData,
  skipToken,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'

/** A read is `false` or `undefined` while it is not wanted, or not possible yet. */
type Unwanted = false | undefined

type ReadOptions<Data> = Pick<UseQueryOptions<Data>, 'staleTime' | 'refetchInterval' | 'placeholderData'>

/** Reads data. Views that read by the same key share the data, and it is read again after a while. */
export function useRead<Data>(
  key: QueryKey,
  read: ((signal: AbortSignal) => Promise<Data>) | Unwanted,
  options: ReadOptions<Data> = {},
): UseQueryResult<Data> {
  return useQuery<Data>({ ...options, queryKey: key, queryFn: read ? ({ signal }) => read(signal) : skipToken })
}

const listStaleMs = 30_000

/** Reads a list page by page. `after` is what the page before names as the next, and empty for the first page. */
export function usePages<Page extends { readonly next: string | undefined }>(
  key: QueryKey,
  read: ((after: string, signal: AbortSignal) => Promise<Page>) | Unwanted,
  { keepsPrevious = false }: { readonly keepsPrevious?: boolean } = {},
) {
  return useInfiniteQuery({
    ...(keepsPrevious && { placeholderData: keepPreviousData }),
    // A list is read again when the window gets the focus, after this time.
    staleTime: listStaleMs,
    queryKey: key,
    queryFn: read ? ({ pageParam, signal }) => read(pageParam, signal) : skipToken,
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  })
}

/** A function that has data read again after a change: all whose keys begin with one of these. */
export function useReadAgain(): (...keys: readonly QueryKey[]) => Promise<void> {
  const client = useQueryClient()
  return async (...keys) => {
    await Promise.all(keys.map((queryKey) => client.invalidateQueries({ queryKey })))
  }
}
