import { useInfiniteQuery } from '@tanstack/react-query'
import { listTags } from '../../api/registry.ts'

/** The tags of a repository, the newest first, page by page. */
export function useTags(loginServer: string, repository: string) {
  return useInfiniteQuery({
    queryKey: ['tags', loginServer, repository],
    queryFn: ({ pageParam, signal }) => listTags(loginServer, repository, pageParam, signal),
    initialPageParam: '',
    getNextPageParam: ({ last }) => last,
  })
}
